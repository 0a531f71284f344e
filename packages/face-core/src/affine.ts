/** A point in pixels; integers are pixel centres. */
export type Point = readonly [x: number, y: number];

/** `x' = a·x + b·y + c`, `y' = d·x + e·y + f`. */
export type Affine = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

export function applyAffine([a, b, c, d, e, f]: Affine, [x, y]: Point): Point {
  return [a * x + b * y + c, d * x + e * y + f];
}

/** The map that applies `inner` first and `outer` to its result. */
export function composeAffine(outer: Affine, inner: Affine): Affine {
  const [a, b, c, d, e, f] = outer;
  const [A, B, C, D, E, F] = inner;
  return [a * A + b * D, a * B + b * E, a * C + b * F + c, d * A + e * D, d * B + e * E, d * C + e * F + f];
}

/** @throws {RangeError} when the map is singular. */
export function invertAffine([a, b, c, d, e, f]: Affine): Affine {
  const determinant = a * e - b * d;
  if (!(Math.abs(determinant) > 1e-12)) throw new RangeError('singular affine map');
  return [
    e / determinant,
    -b / determinant,
    (b * f - c * e) / determinant,
    -d / determinant,
    a / determinant,
    (c * d - a * f) / determinant,
  ];
}

/** By how much the map enlarges lengths: the square root of the area ratio. */
export function scaleOf([a, b, , d, e]: Affine): number {
  return Math.sqrt(Math.abs(a * e - b * d));
}

/**
 * The similarity transform (rotation, uniform scale, translation; no reflection) that maps `from` onto `to` with the
 * least squared error. In two dimensions Umeyama's solution needs no SVD: with both sets centred, the rotation and scale
 * are the complex number Σ conj(p)·q / Σ |p|².
 *
 * Source: S. Umeyama, "Least-squares estimation of transformation parameters between two point patterns", IEEE TPAMI
 * 13(4), 1991.
 *
 * @throws {RangeError} when the points of `from` coincide or the counts differ.
 */
export function similarityTransform(from: readonly Point[], to: readonly Point[]): Affine {
  if (from.length !== to.length || from.length < 2) throw new RangeError('two equally long lists of points are needed');
  const [fromX, fromY] = mean(from);
  const [toX, toY] = mean(to);
  let squares = 0;
  let real = 0;
  let imaginary = 0;
  for (const [index, [x, y]] of from.entries()) {
    const [u, v] = to[index] as Point;
    const px = x - fromX;
    const py = y - fromY;
    const qx = u - toX;
    const qy = v - toY;
    squares += px * px + py * py;
    real += px * qx + py * qy;
    imaginary += px * qy - py * qx;
  }
  if (!(squares > 1e-12)) throw new RangeError('the points coincide');
  const a = real / squares;
  const b = imaginary / squares;
  return [a, -b, toX - a * fromX + b * fromY, b, a, toY - b * fromX - a * fromY];
}

function mean(points: readonly Point[]): Point {
  let x = 0;
  let y = 0;
  for (const point of points) {
    x += point[0];
    y += point[1];
  }
  return [x / points.length, y / points.length];
}

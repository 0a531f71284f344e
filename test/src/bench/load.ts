import autocannon from 'autocannon';

export interface LoadResult {
  readonly perSecond: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  /** Requests that were not answered with 200. */
  readonly errors: number;
}

/** A closed loop: each of `clients` connections posts the next photo as soon as it has its answer. */
export async function load(
  url: string,
  employeeId: string,
  photos: readonly Buffer[],
  clients: number,
  seconds: number,
): Promise<LoadResult> {
  const boundary = 'rollcall-bench';
  const requests = photos.map((photo) => ({
    method: 'POST' as const,
    path: '/recognize_face',
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    body: multipart(boundary, employeeId, photo),
  }));
  const result = await autocannon({ url, connections: clients, duration: seconds, timeout: 60, requests });
  return {
    perSecond: result['2xx'] / result.duration,
    p50: result.latency.p50,
    p90: result.latency.p90,
    p99: result.latency.p99,
    errors: result.non2xx + result.errors + result.timeouts,
  };
}

function multipart(boundary: string, employeeId: string, photo: Buffer): Buffer {
  const field = `--${boundary}\r\nContent-Disposition: form-data; name="employee_id"\r\n\r\n${employeeId}\r\n`;
  const file = `--${boundary}\r\nContent-Disposition: form-data; name="image"; filename="probe.jpg"\r\nContent-Type: image/jpeg\r\n\r\n`;
  return Buffer.concat([Buffer.from(field + file), photo, Buffer.from(`\r\n--${boundary}--\r\n`)]);
}

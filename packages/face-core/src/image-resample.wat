;; Inner loops of resampling, 16 bytes or four floats at a time: three to four times as fast as JavaScript. After a change:
;;   npx -p wabt@1.0.39 wat2wasm image-resample.wat --output=image-resample.wasm && base64 -w 0 image-resample.wasm
;; and put what it prints into image-resample-wasm.ts.
;;
;; Pixels are RGB, interleaved; addresses and strides are bytes. 64 bytes of slack lie behind every buffer, because whole
;; vectors are read and written.
(module
  (memory (export "memory") 1)

  ;; Half of `from` (rows of `stride` bytes) into `to`: `width` × `height` pixels, each the rounded mean of 2×2.
  ;; Four pixels at a time; what is written beyond a row's end is written again by the next row.
  (func (export "halve") (param $from i32) (param $stride i32) (param $to i32) (param $width i32) (param $height i32)
    (local $p i32) (local $q i32) (local $t i32) (local $end i32)
    (local $a v128) (local $b v128) (local $even v128) (local $odd v128) (local $low v128) (local $high v128)
    (loop $rows
      (local.set $p (local.get $from))
      (local.set $q (i32.add (local.get $from) (local.get $stride)))
      (local.set $t (local.get $to))
      (local.set $end (i32.add (local.get $to) (i32.mul (local.get $width) (i32.const 3))))
      (loop $pixels
        ;; upper row: pixels 0, 2, 4, 6 and 1, 3, 5, 7 of 24 bytes
        (local.set $a (v128.load (local.get $p)))
        (local.set $b (v128.load offset=8 (local.get $p)))
        (local.set $even (i8x16.shuffle 0 1 2 6 7 8 12 13 14 26 27 28 0 0 0 0 (local.get $a) (local.get $b)))
        (local.set $odd (i8x16.shuffle 3 4 5 9 10 11 15 24 25 29 30 31 0 0 0 0 (local.get $a) (local.get $b)))
        (local.set $low (i16x8.add (i16x8.extend_low_i8x16_u (local.get $even)) (i16x8.extend_low_i8x16_u (local.get $odd))))
        (local.set $high (i16x8.add (i16x8.extend_high_i8x16_u (local.get $even)) (i16x8.extend_high_i8x16_u (local.get $odd))))
        ;; lower row
        (local.set $a (v128.load (local.get $q)))
        (local.set $b (v128.load offset=8 (local.get $q)))
        (local.set $even (i8x16.shuffle 0 1 2 6 7 8 12 13 14 26 27 28 0 0 0 0 (local.get $a) (local.get $b)))
        (local.set $odd (i8x16.shuffle 3 4 5 9 10 11 15 24 25 29 30 31 0 0 0 0 (local.get $a) (local.get $b)))
        (local.set $low (i16x8.add (local.get $low)
          (i16x8.add (i16x8.extend_low_i8x16_u (local.get $even)) (i16x8.extend_low_i8x16_u (local.get $odd)))))
        (local.set $high (i16x8.add (local.get $high)
          (i16x8.add (i16x8.extend_high_i8x16_u (local.get $even)) (i16x8.extend_high_i8x16_u (local.get $odd)))))
        (local.set $low (i16x8.shr_u (i16x8.add (local.get $low) (v128.const i16x8 2 2 2 2 2 2 2 2)) (i32.const 2)))
        (local.set $high (i16x8.shr_u (i16x8.add (local.get $high) (v128.const i16x8 2 2 2 2 2 2 2 2)) (i32.const 2)))
        (v128.store (local.get $t) (i8x16.narrow_i16x8_u (local.get $low) (local.get $high)))
        (local.set $p (i32.add (local.get $p) (i32.const 24)))
        (local.set $q (i32.add (local.get $q) (i32.const 24)))
        (local.set $t (i32.add (local.get $t) (i32.const 12)))
        (br_if $pixels (i32.lt_u (local.get $t) (local.get $end))))
      (local.set $from (i32.add (local.get $from) (i32.shl (local.get $stride) (i32.const 1))))
      (local.set $to (local.get $end))
      (local.set $height (i32.sub (local.get $height) (i32.const 1)))
      (br_if $rows (local.get $height))))

  ;; Bilinear samples of `height` × `width` pixels as three float planes. `rows` holds for each row the addresses of the two
  ;; pixel rows of `bytes` bytes between which it lies and their weights (i32, i32, f32, f32); `columns` holds for each column
  ;; the left pixel's address in `blended` and the right pixel's weight (i32, f32). `blended` is room for a row of float
  ;; pixels with a black pixel at either end; the left one is there already.
  (func (export "sample")
    (param $rows i32) (param $height i32) (param $columns i32) (param $width i32) (param $bytes i32)
    (param $blended i32) (param $red i32) (param $green i32) (param $blue i32)
    (local $p i32) (local $q i32) (local $b i32) (local $end i32) (local $column i32) (local $columnsEnd i32)
    (local $upper v128) (local $lower v128) (local $x v128) (local $y v128) (local $left v128)
    (local.set $columnsEnd (i32.add (local.get $columns) (i32.shl (local.get $width) (i32.const 3))))
    (loop $nextRow
      (local.set $p (i32.load (local.get $rows)))
      (local.set $q (i32.load offset=4 (local.get $rows)))
      (local.set $upper (v128.load32_splat offset=8 (local.get $rows)))
      (local.set $lower (v128.load32_splat offset=12 (local.get $rows)))
      (local.set $b (i32.add (local.get $blended) (i32.const 12)))
      (local.set $end (i32.add (local.get $p) (local.get $bytes)))
      (loop $nextBytes
        (local.set $x (v128.load (local.get $p)))
        (local.set $y (v128.load (local.get $q)))
        (v128.store (local.get $b) (f32x4.add
          (f32x4.mul (local.get $upper) (f32x4.convert_i32x4_u (i32x4.extend_low_i16x8_u (i16x8.extend_low_i8x16_u (local.get $x)))))
          (f32x4.mul (local.get $lower) (f32x4.convert_i32x4_u (i32x4.extend_low_i16x8_u (i16x8.extend_low_i8x16_u (local.get $y)))))))
        (v128.store offset=16 (local.get $b) (f32x4.add
          (f32x4.mul (local.get $upper) (f32x4.convert_i32x4_u (i32x4.extend_high_i16x8_u (i16x8.extend_low_i8x16_u (local.get $x)))))
          (f32x4.mul (local.get $lower) (f32x4.convert_i32x4_u (i32x4.extend_high_i16x8_u (i16x8.extend_low_i8x16_u (local.get $y)))))))
        (v128.store offset=32 (local.get $b) (f32x4.add
          (f32x4.mul (local.get $upper) (f32x4.convert_i32x4_u (i32x4.extend_low_i16x8_u (i16x8.extend_high_i8x16_u (local.get $x)))))
          (f32x4.mul (local.get $lower) (f32x4.convert_i32x4_u (i32x4.extend_low_i16x8_u (i16x8.extend_high_i8x16_u (local.get $y)))))))
        (v128.store offset=48 (local.get $b) (f32x4.add
          (f32x4.mul (local.get $upper) (f32x4.convert_i32x4_u (i32x4.extend_high_i16x8_u (i16x8.extend_high_i8x16_u (local.get $x)))))
          (f32x4.mul (local.get $lower) (f32x4.convert_i32x4_u (i32x4.extend_high_i16x8_u (i16x8.extend_high_i8x16_u (local.get $y)))))))
        (local.set $p (i32.add (local.get $p) (i32.const 16)))
        (local.set $q (i32.add (local.get $q) (i32.const 16)))
        (local.set $b (i32.add (local.get $b) (i32.const 64)))
        (br_if $nextBytes (i32.lt_u (local.get $p) (local.get $end))))
      ;; the black pixel on the right, over what was blended too much
      (v128.store offset=12 (i32.add (local.get $blended) (i32.shl (local.get $bytes) (i32.const 2))) (v128.const i32x4 0 0 0 0))
      (local.set $column (local.get $columns))
      (loop $nextColumn
        (local.set $b (i32.load (local.get $column)))
        (local.set $left (v128.load (local.get $b)))
        (local.set $x (f32x4.add (local.get $left) (f32x4.mul
          (f32x4.sub (v128.load offset=12 (local.get $b)) (local.get $left))
          (v128.load32_splat offset=4 (local.get $column)))))
        (v128.store32_lane 0 (local.get $red) (local.get $x))
        (v128.store32_lane 1 (local.get $green) (local.get $x))
        (v128.store32_lane 2 (local.get $blue) (local.get $x))
        (local.set $red (i32.add (local.get $red) (i32.const 4)))
        (local.set $green (i32.add (local.get $green) (i32.const 4)))
        (local.set $blue (i32.add (local.get $blue) (i32.const 4)))
        (local.set $column (i32.add (local.get $column) (i32.const 8)))
        (br_if $nextColumn (i32.lt_u (local.get $column) (local.get $columnsEnd))))
      (local.set $rows (i32.add (local.get $rows) (i32.const 16)))
      (local.set $height (i32.sub (local.get $height) (i32.const 1)))
      (br_if $nextRow (local.get $height))))
)

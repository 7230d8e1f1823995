/* Exact decimals: shifting and multiplying strings must never round or invent digits. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { transformWithEsbuild } from 'vite'

const file = new URL('../src/format/decimal.ts', import.meta.url)
const { code } = await transformWithEsbuild(readFileSync(file, 'utf8'), 'decimal.ts')
const { divideWhole, isDecimal, scale } = await import(`data:text/javascript,${encodeURIComponent(code)}`)

test('a shift moves the point and keeps what the meter sent', () => {
  assert.equal(scale('54.321', 3), '54321') // m3 to L
  assert.equal(scale('1.50', 3), '1500')
  assert.equal(scale('12345678', -3), '12345.678') // Wh to kWh
  assert.equal(scale('12345000', -3), '12345') // a meter that counts in kWh
  assert.equal(scale('12345600', -3), '12345.600') // a kWh register keeps its width
  assert.equal(scale('12345000', -6), '12.345')
  assert.equal(scale('0.10', -3), '0.00010')
  assert.equal(scale('-5', -3), '-0.005')
  assert.equal(scale('0', -6), '0')
  assert.equal(scale('10', 0), '10')
})

test('Wh to GJ is exact beyond the digits of a double', () => {
  assert.equal(scale('1000', -7, 36n), '0.003600')
  assert.equal(scale('12345678901234567890', -7, 36n), '44444444044444.444404')
  assert.equal(scale('0.5', -7, 36n), '0.00000180')
})

test('every shift can be taken back', () => {
  let seed = 20261120
  for (let i = 0; i < 2000; i++) {
    seed = (seed * 1103515245 + 12345) % 2147483648
    const digits = seed % 5
    const text = digits === 0 ? String(seed) : `${seed >> 8}.${String(seed % 10 ** digits).padStart(digits, '0')}`
    const shift = (seed % 13) - 6
    const back = scale(scale(text, shift), -shift)
    const strip = (value) => (value.includes('.') ? value.replace(/\.?0+$/, '') : value)
    assert.equal(strip(back), strip(text), `${text} by ${shift}, seed 20261120`)
  }
})

test('only plain decimals are decimals', () => {
  for (const good of ['0', '-1', '12.50']) assert.ok(isDecimal(good), good)
  for (const bad of ['', '.5', '5.', '1e3', '2010-12-31', 'NaN', '+1', '1,5']) assert.ok(!isDecimal(bad), bad)
})

test('durations divide only without remainder', () => {
  assert.equal(divideWhole('7200', 3600n), '2')
  assert.equal(divideWhole('7201', 3600n), null)
  assert.equal(divideWhole('0.5', 60n), null)
})

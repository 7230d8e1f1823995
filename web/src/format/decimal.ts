/* Exact arithmetic on decimal strings ("-12.340"). Quantities never become binary floating point. */

const DECIMAL = /^-?\d+(\.\d+)?$/

export function isDecimal(text: string): boolean {
  return DECIMAL.test(text)
}

/* Number of digits behind the point. */
export function fractionDigits(text: string): number {
  const point = text.indexOf('.')
  return point < 0 ? 0 : text.length - point - 1
}

/* mantissa * 10^-scale as text; scale >= 0 */
function compose(mantissa: bigint, scale: number): string {
  const negative = mantissa < 0n
  const digits = (negative ? -mantissa : mantissa).toString().padStart(scale + 1, '0')
  const whole = digits.slice(0, digits.length - scale)
  const fraction = scale > 0 ? `.${digits.slice(digits.length - scale)}` : ''
  return `${negative ? '-' : ''}${whole}${fraction}`
}

function mantissaOf(text: string): bigint {
  return BigInt(text.replace('.', ''))
}

/* Drop zeros at the end of the fraction, but keep at least `keep` digits of it. */
function trim(text: string, keep: number): string {
  let digits = fractionDigits(text)
  let end = text.length
  while (digits > keep && text[end - 1] === '0') {
    digits--
    end--
  }
  return digits === 0 ? text.slice(0, end).replace(/\.$/, '') : text.slice(0, end)
}

/* text * factor * 10^shift, exactly. The digits that the meter sent stay, also zeros at the end of them:
 * "1.50" m3 is "1500" L. Zeros at the end of a whole number say nothing about the resolution (the meter may
 * count in kWh), so the ones that would move behind the point are dropped: "12000" Wh is "12" kWh. */
export function scale(text: string, shift: number, factor = 1n): string {
  const sent = fractionDigits(text)
  const mantissa = mantissaOf(text) * factor
  const digits = sent - shift
  if (digits <= 0) return compose(mantissa * 10n ** BigInt(-digits), 0)
  const keep = sent > 0 ? digits : 0
  return trim(compose(mantissa, digits), keep)
}

/* The whole number text / divisor, or null when it is not whole. */
export function divideWhole(text: string, divisor: bigint): string | null {
  if (fractionDigits(text) > 0) return null
  const value = BigInt(text)
  return value % divisor === 0n ? (value / divisor).toString() : null
}

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

/* Drop groups of three zeros at the end of the fraction: "12.345000" becomes "12.345", "1.600" stays. Single
 * zeros stay because a register that loses and wins a digit with each reading cannot be compared at a glance. */
function dropZeroGroups(text: string): string {
  const point = text.indexOf('.')
  if (point < 0) return text
  const used = text.slice(point + 1).replace(/0+$/, '').length
  const digits = Math.min(fractionDigits(text), Math.ceil(used / 3) * 3)
  return digits === 0 ? text.slice(0, point) : text.slice(0, point + 1 + digits)
}

/* text * factor * 10^shift, exactly. The digits that the meter sent stay, also zeros at the end of them:
 * "1.50" m3 is "1500" L. Zeros at the end of a whole number say nothing about the resolution (the meter may
 * count in kWh), so whole groups of them are dropped behind the point: "12000" Wh is "12" kWh. */
export function scale(text: string, shift: number, factor = 1n): string {
  const sent = fractionDigits(text)
  const mantissa = mantissaOf(text) * factor
  const digits = sent - shift
  if (digits <= 0) return compose(mantissa * 10n ** BigInt(-digits), 0)
  const scaled = compose(mantissa, digits)
  return sent > 0 ? scaled : dropZeroGroups(scaled)
}

/* The whole number text / divisor, or null when it is not whole. */
export function divideWhole(text: string, divisor: bigint): string | null {
  if (fractionDigits(text) > 0) return null
  const value = BigInt(text)
  return value % divisor === 0n ? (value / divisor).toString() : null
}

/* Numbers, times and values as text in the language of the page. */
import { languageTag, word } from '../i18n'
import type { OrderKind, Outcome, Value } from '../api/client'
import { fractionDigits } from './decimal'
import { show, unitSign } from './units'

const cache = new Map<string, Intl.NumberFormat>()

function numberFormat(digits: number): Intl.NumberFormat {
  const key = `${languageTag.value}/${digits}`
  let format = cache.get(key)
  if (!format) {
    format = new Intl.NumberFormat(languageTag.value, { minimumFractionDigits: digits, maximumFractionDigits: digits })
    cache.set(key, format)
  }
  return format
}

/* A decimal string with the language's separators and all its digits. Intl takes the string itself, so no
 * digit passes through a binary number. */
export function decimalText(text: string): string {
  return numberFormat(Math.min(fractionDigits(text), 20)).format(text as Intl.StringNumericLiteral)
}

export function countText(count: number): string {
  return numberFormat(0).format(count)
}

export function unitText(unit: string): string {
  return word('unit', unitSign(unit))
}

/* "12,345.6" and "kWh" of an API value; null when there is no value. */
export function valueParts(value: Pick<Value, 'quantity' | 'unit' | 'value'>): { text: string; unit: string } | null {
  if (value.value === null) return null
  const shown = show(value.quantity, value.unit, value.value)
  const text = shown.numeric ? decimalText(shown.text) : word('word', shown.text)
  return { text, unit: unitText(shown.unit) }
}

const TERM_GROUPS = ['word', 'function', 'quantity', 'medium', 'reason', 'kind', 'unit'] as const

function knownTerm(term: string): string {
  for (const group of TERM_GROUPS) {
    const text = word(group, term, '')
    if (text) return text
  }
  return ''
}

/* A term of a codec in the language of the page: an identifier, or several with numbers among them ("storage 1",
 * "forward harmonic L3"). A term with a word that has no translation stays as it is. */
export function termText(term: string): string {
  const whole = knownTerm(term)
  if (whole) return whole
  const words = term.split(' ')
  const texts: string[] = []
  for (let at = 0; at < words.length; ) {
    let end = words.length
    while (end > at && !knownTerm(words.slice(at, end).join(' '))) end--
    if (end > at) texts.push(knownTerm(words.slice(at, end).join(' ')))
    else if (/^(\d+|L[123])$/.test(words[at] ?? '')) texts.push(words[at] ?? '')
    else return term
    at = Math.max(end, at + 1)
  }
  return texts.join(' ')
}

/* What Modbus numbers: the storage is the address of the register or coil. */
const NUMBERED = new Set(['register', 'coil'])

/* "heat energy, storage 1, tariff 2": what tells registers of one quantity apart, in short words. */
export function registerKind(value: Value, t: (key: string, named: Record<string, unknown>) => string): string {
  const parts: string[] = []
  if (value.function !== 'instantaneous') parts.push(word('function', value.function))
  if (NUMBERED.has(value.quantity)) parts.push(`#${value.storage}`)
  else if (value.storage > 0) parts.push(t('meter.storage', { n: value.storage }))
  if (value.tariff > 0) parts.push(t('meter.tariff', { n: value.tariff }))
  if (value.subunit > 0) parts.push(t('meter.subunit', { n: value.subunit }))
  if (value.qualifier) parts.push(value.qualifier.split(', ').map(termText).join(', '))
  return parts.join(', ')
}

export function timeText(ms: number): string {
  return new Date(ms).toLocaleTimeString(languageTag.value)
}

/* The time of day for today, date and time for other days. */
export function momentText(ms: number, nowMs: number): string {
  const date = new Date(ms)
  if (date.toDateString() === new Date(nowMs).toDateString()) return timeText(ms)
  return date.toLocaleString(languageTag.value, { dateStyle: 'short', timeStyle: 'medium' })
}

/* Date, time and zone, for hover. */
export function fullTimeText(ms: number): string {
  return new Date(ms).toLocaleString(languageTag.value, { dateStyle: 'full', timeStyle: 'long' })
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
]

/* "5 min ago", "vor 5 Min.", "5分钟前"; the first seconds are "now" in the language's own word */
export function ageText(ms: number, nowMs: number): string {
  const seconds = Math.max(0, Math.round((nowMs - ms) / 1000))
  const numeric = seconds === 0 ? 'auto' : 'always'
  const format = new Intl.RelativeTimeFormat(languageTag.value, { style: 'short', numeric })
  for (const [unit, width] of STEPS) {
    if (seconds >= width) return format.format(-Math.floor(seconds / width), unit)
  }
  return format.format(-seconds, 'second')
}

const WIDTHS = [['d', 86_400], ['h', 3_600], ['min', 60], ['s', 1]] as const

/* "15 min", "2 h 9 min": a width of time in its two largest units. */
export function durationText(seconds: number): string {
  const parts: string[] = []
  let rest = seconds
  for (const [unit, width] of WIDTHS) {
    const count = Math.floor(rest / width)
    rest -= count * width
    if (count > 0) parts.push(`${countText(count)} ${word('unit', unit)}`)
  }
  return parts.length > 0 ? parts.slice(0, 2).join(' ') : `0 ${word('unit', 's')}`
}

/* "68 1f 1f 68" */
export function hexText(hex: string): string {
  return hex.replace(/(..)(?=.)/g, '$1 ').toLowerCase()
}

/* What an order does, in the words of the medium: power is switched, water has a valve. */
export function orderText(kind: OrderKind, medium = ''): string {
  return word('order', `${kind}/${medium}`, word('order', kind))
}

/* Why an order ended as it did: the server's sentence in the language of the page where there is one, else what came of
 * it and the sentence as it is. */
export function whyText(outcome: Outcome | undefined, why: string | undefined): string {
  const known = why ? word('why', why, '') : ''
  if (known) return known
  const end = outcome && outcome !== 'ok' ? word('outcome', outcome) : ''
  return [end, why].filter(Boolean).join(': ')
}

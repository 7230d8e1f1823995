/* The fields of a frame in words. A field is named by an identifier of the codec ("checksum"), or, where it holds the
 * value of a record, by the quantity of that record. */
import type { FrameField } from '../api/client'
import { i18n, word } from '../i18n'
import { valueOf, type DecodedRecord } from './telegram'
import { registerKind, termText, valueParts } from './text'

type Field = Pick<FrameField, 'name' | 'value' | 'record'>

/* True for the field that holds a record's value, not one that describes it. */
export function isValueField(field: Field): boolean {
  return field.record !== undefined && word('field', field.name, '') === ''
}

export function fieldName(name: string): string {
  return word('field', name, word('quantity', name))
}

/* The words of bits that are set: "battery low, valve closed". */
function flagsText(record: DecodedRecord): string {
  return record.flags.map(termText).join(', ')
}

function recordText(record: DecodedRecord): string {
  const parts = valueParts(valueOf(record))
  if (parts === null) return termText(record.reason)
  const flags = flagsText(record)
  const kind = registerKind(valueOf(record), (key, named) => i18n.global.t(key, named))
  return `${parts.text} ${parts.unit}`.trim() + (flags ? ` (${flags})` : '') + (kind ? `, ${kind}` : '')
}

/* "08 RSP_UD", "91 read, answer": the code stays, each phrase of its meaning is translated where there is a word. */
function codeText(value: string): string {
  const [, code, meaning] = /^([0-9A-F]{2,8}h?:?) (.+)$/.exec(value) ?? []
  const phrases = (meaning ?? value).split(', ').map(termText).join(', ')
  return code ? `${code} ${phrases}` : phrases
}

/* What the bytes say, unless it only repeats the bytes. */
export function fieldValue(field: Field, record: DecodedRecord | undefined, bytes: string): string {
  const value = field.value ?? ''
  if (record && isValueField(field)) return recordText(record)
  if (value.toLowerCase() === bytes.replaceAll(' ', '')) return ''
  return codeText(value)
}

const FRAMING = new Set([
  'preamble', 'start', 'start repeated', 'length', 'length repeated', 'checksum', 'crc', 'stop', 'acknowledgement',
  'protocol', 'transaction',
])

/* The class of a field in the picture of the bytes: the frame around, the head, records in turn, what is not told. */
export function colourOf(field: Field): string {
  if (field.record !== undefined) {
    const value = isValueField(field) ? ' value' : ''
    return (field.record % 2 === 0 ? 'record' : 'record odd') + value
  }
  if (field.name === 'rest') return 'rest'
  return FRAMING.has(field.name) ? 'framing' : 'head'
}

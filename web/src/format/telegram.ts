/* What `heng decode` says about a frame, as far as the page shows it. The API passes it on as it is; every
 * field is looked at before it is trusted. */
import type { Value } from '../api/client'

export interface DecodedRecord {
  quantity: string
  unit: string | null
  value: string | null
  reason: string
  raw: string
  function: string
  storage: number
  tariff: number
  subunit: number
  qualifier: string
  flags: string[]
}

export interface Decoded {
  ok: boolean
  error: string
  message: string
  offset: number | null
  /* the head of the telegram: name and plain text, in the order of the frame */
  head: { name: HeadName; text: string }[]
  records: DecodedRecord[]
}

const HEAD = [
  'kind', 'direction', 'profile', 'address', 'id', 'manufacturer', 'version', 'medium', 'control', 'function', 'di',
  'ser', 'register', 'count', 'transaction', 'access', 'status', 'valve', 'battery', 'error_text', 'more',
] as const
export type HeadName = (typeof HEAD)[number]

type Bag = Record<string, unknown>

function text(bag: Bag, key: string): string {
  const value = bag[key]
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

function count(bag: Bag, key: string): number {
  const value = bag[key]
  return typeof value === 'number' ? value : 0
}

function recordOf(item: unknown): DecodedRecord {
  const bag = (item && typeof item === 'object' ? item : {}) as Bag
  return {
    quantity: text(bag, 'quantity') || 'unknown',
    unit: typeof bag.unit === 'string' ? bag.unit : null,
    value: typeof bag.value === 'string' ? bag.value : null,
    reason: text(bag, 'reason'),
    raw: text(bag, 'raw'),
    function: text(bag, 'function') || 'instantaneous',
    storage: count(bag, 'storage'),
    tariff: count(bag, 'tariff'),
    subunit: count(bag, 'subunit'),
    qualifier: text(bag, 'qualifier'),
    flags: Array.isArray(bag.flags) ? bag.flags.filter((flag): flag is string => typeof flag === 'string') : [],
  }
}

export function decodedOf(bag: Bag): Decoded {
  const head = HEAD.flatMap((name): Decoded['head'] => {
    const value = bag[name]
    if (name === 'more') return typeof value === 'boolean' ? [{ name, text: value ? 'yes' : 'no' }] : []
    // Modbus has a number and a name for its functions; the number is among the bytes
    const shown = (name === 'function' && text(bag, 'function_name')) || text(bag, name)
    return shown === '' ? [] : [{ name, text: shown }]
  })
  return {
    ok: bag.ok === true,
    error: text(bag, 'error'),
    message: text(bag, 'message'),
    offset: typeof bag.offset === 'number' ? bag.offset : null,
    head,
    records: Array.isArray(bag.records) ? bag.records.map(recordOf) : [],
  }
}

/* A record in the shape of a register's value, for the components that show values. */
export function valueOf(record: DecodedRecord): Value {
  return {
    register: 0,
    quantity: record.quantity,
    unit: record.unit ?? 'unknown',
    function: record.function,
    storage: record.storage,
    tariff: record.tariff,
    subunit: record.subunit,
    qualifier: record.qualifier,
    value: record.value,
    reason: record.reason || undefined,
  }
}

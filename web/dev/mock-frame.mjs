/* Frames for the mock: real bytes with their fields and what `heng decode` would say.
 *
 * M-Bus variable data answer (EN 13757-2, -3)     CJ/T 188 answer (clause 7)
 *   68 L L 68 C A CI                                68 T A0..A6 C L DI0 DI1 SER data CS 16
 *   id(4) man(2) ver med acc st sig(2)
 *   records: DIF VIF data, CS 16 */

function bcd(value, bytes) {
  const digits = String(value).padStart(bytes * 2, '0').slice(-bytes * 2)
  return digits.match(/../g).reverse().map((pair) => parseInt(pair, 16))
}

function little(value, bytes) {
  return Array.from({ length: bytes }, (_, i) => Math.floor(value / 256 ** i) % 256)
}

const sum = (bytes) => bytes.reduce((total, byte) => (total + byte) & 0xff, 0)
const hex = (bytes) => bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('')

/* Collects bytes and, at the same time, what they mean. */
class Builder {
  bytes = []
  fields = []

  put(name, bytes, value, record) {
    this.fields.push({
      offset: this.bytes.length, length: bytes.length, name, value: value ?? hex(bytes),
      ...(record === undefined ? {} : { record }),
    })
    this.bytes.push(...bytes)
    return this
  }
}

/* DIF, VIF and the bytes of one register, by quantity */
const RECORDS = {
  'heat energy': (value) => [0x04, 0x06, ...little(Number(value) / 1000, 4)],
  volume: (value) => [0x0c, 0x13, ...bcd(value.replace('.', ''), 4)],
  power: (value) => [0x0c, 0x2b, ...bcd(value, 4)],
  'volume flow': (value) => [0x0b, 0x3b, ...bcd(value.replace('.', ''), 3)],
  'flow temperature': (value) => [0x0a, 0x5a, ...bcd(value.replace('.', ''), 2)],
  'return temperature': (value) => [0x0a, 0x5e, ...bcd(value.replace('.', ''), 2)],
  'temperature difference': (value) => [0x0a, 0x62, ...bcd(value.replace('.', ''), 2)],
  'on time': (value) => [0x04, 0x22, ...little(Number(value) / 3600, 4)],
  date: (value) => {
    const [year, month, day] = value.split('-').map(Number)
    const y = year - 2000
    return [0x42, 0x6c, day | ((y & 7) << 5), month | ((y >> 3) << 4)]
  },
}

function recordsOf(registers) {
  return registers.map(([quantity, unit, value, storage, reason]) => ({
    function: 'instantaneous', storage, tariff: 0, subunit: 0, quantity, unit, value, ...(reason ? { reason } : {}),
  }))
}

function mbus(meter, registers) {
  const access = Math.floor(Math.random() * 256)
  const inner = new Builder()
  inner
    .put('control', [0x08], 'RSP_UD')
    .put('address', [Number(meter.address)], meter.address)
    .put('ci', [0x72], 'variable data')
    .put('id', bcd(meter.number, 4), meter.number)
    .put('manufacturer', [0x93, 0x44], 'QDS')
    .put('version', [0x1a], '26')
    .put('medium', [0x04], 'heat')
    .put('access', [access], String(access))
    .put('status', [0x00], '0')
    .put('configuration', [0x00, 0x00], '0000')
  registers.forEach(([quantity, unit, value, storage], index) => {
    const bytes = RECORDS[quantity](value)
    if (storage > 0) bytes[0] |= 0x40
    inner.put('dif', bytes.slice(0, 1), storage > 0 ? `storage ${storage}` : 'instantaneous', index)
    inner.put('vif', bytes.slice(1, 2), `${quantity}, ${unit}`, index)
    inner.put(quantity, bytes.slice(2), `${value} ${unit}`.trim(), index)
  })
  const length = inner.bytes.length
  const outer = new Builder()
  outer.put('start', [0x68]).put('length', [length], String(length)).put('length repeated', [length], String(length))
  outer.put('start repeated', [0x68])
  for (const field of inner.fields) {
    outer.put(field.name, inner.bytes.slice(field.offset, field.offset + field.length), field.value, field.record)
  }
  outer.put('checksum', [sum(inner.bytes)], 'ok').put('stop', [0x16])
  const decoded = {
    ok: true, protocol: 'mbus', kind: 'variable', address: Number(meter.address), id: meter.number,
    manufacturer: 'QDS', version: 26, medium: 'heat', access, status: 0, more: false, records: recordsOf(registers),
  }
  return { outer, decoded }
}

function cjt188(meter, registers) {
  const outer = new Builder()
  const liters = registers[0][2].replace('.', '')
  outer.put('start', [0x68]).put('type', [0x10], 'cold water').put('id', bcd(meter.number, 7), meter.number)
  outer.put('control', [0x81], 'answer').put('length', [22], '22')
  outer.put('di', [0x90, 0x1f], '901F').put('ser', [0x01], '1')
  outer.put('volume', bcd(Number(liters) / 10, 4), `${registers[0][2]} m3`, 0).put('unit', [0x2c], '2C m3', 0)
  outer.put('volume', [0xee, 0xee, 0xee, 0xee], 'invalid bcd', 1).put('unit', [0x2c], '2C m3', 1)
  outer.put('data', bcd('20261120123000', 7), '2026-11-20 12:30:00')
  outer.put('status', [0x00, 0x00], 'open', 2)
  outer.put('checksum', [sum(outer.bytes)], 'ok').put('stop', [0x16])
  const decoded = {
    ok: true, protocol: 'cjt188', kind: 'data', id: meter.number, manufacturer: '0011', medium: 'cold water',
    records: recordsOf(registers),
  }
  return { outer, decoded }
}

export function buildFrame(meter, registers) {
  const { outer, decoded } = meter.protocol === 'mbus' ? mbus(meter, registers) : cjt188(meter, registers)
  return { hex: hex(outer.bytes), length: outer.bytes.length, decoded, fields: outer.fields }
}

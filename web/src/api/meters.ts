/* What can be wanted of a meter, by the protocol that it speaks. Whether this very meter can, the server says. */
import type { Command, Meter, OrderKind, Protocol, SearchKind, Stage } from './client'

const ORDERS: Record<Protocol, OrderKind[]> = {
  mbus: ['read', 'read-clock', 'set-clock'],
  cjt188: ['read', 'read-history', 'read-clock', 'read-state', 'set-clock', 'connect', 'disconnect'],
  'dlt645-2007': [
    'read', 'read-history', 'read-clock', 'read-state', 'set-clock', 'connect', 'disconnect', 'keep', 'release',
  ],
  'dlt645-1997': ['read', 'read-history', 'read-clock', 'set-clock'],
  'modbus-rtu': ['read'],
  'modbus-tcp': ['read'],
}

const SEARCHES: Record<Protocol, SearchKind[]> = {
  mbus: ['mbus-secondary', 'mbus-primary'],
  cjt188: ['cjt188'],
  'dlt645-2007': ['dlt645-2007'],
  'dlt645-1997': ['dlt645-1997'],
  'modbus-rtu': ['modbus-rtu'],
  'modbus-tcp': [],
}

const CLOCK_BROADCAST: Protocol[] = ['mbus', 'cjt188', 'dlt645-2007', 'dlt645-1997']

/* These change something in the meter or behind it: a person confirms them. */
const CHANGES: OrderKind[] = [
  'set-clock', 'freeze', 'connect', 'disconnect', 'keep', 'release', 'set-address', 'set-baud',
  'purchase',
]

export function changes(kind: OrderKind): boolean {
  return CHANGES.includes(kind)
}

const STAGE_ENDS: Stage[] = ['confirmed', 'failed', 'expired', 'cancelled']

/* Does it go on? A broadcast ends where it was sent: nobody answers it. */
export function hasEnded(command: Pick<Command, 'stage' | 'ended_at'>): boolean {
  return Boolean(command.ended_at) || STAGE_ENDS.includes(command.stage)
}

export function ordersOf(meter: Meter): OrderKind[] {
  return ORDERS[meter.protocol]
}

export function protocolsOf(meters: Meter[]): Protocol[] {
  return [...new Set(meters.map((meter) => meter.protocol))]
}

/* The likely one first. Of a line without meters every kind can be tried: that is how the first ones are found. */
export function searchesOf(meters: Meter[]): SearchKind[] {
  if (meters.length === 0) return Object.values(SEARCHES).flat()
  const kinds = protocolsOf(meters).flatMap((protocol) => SEARCHES[protocol])
  const byPrimary = meters.filter((meter) => meter.protocol === 'mbus' && meter.address.length <= 3).length
  return byPrimary * 2 > meters.length ? ['mbus-primary', ...kinds.filter((kind) => kind !== 'mbus-primary')] : kinds
}

export function clockBroadcastsOf(protocols: Protocol[]): Protocol[] {
  return protocols.filter((protocol) => CLOCK_BROADCAST.includes(protocol))
}

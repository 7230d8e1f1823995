/* Live events: one EventSource per browser, however many tabs are open.
 *
 * Browsers open six HTTP/1.1 connections per host, so a stream per tab would starve the seventh tab. The
 * tab that holds the lock "heng-live" owns the stream and passes what it hears to the others through a
 * BroadcastChannel. Without locks (plain http on a LAN) each tab opens its own stream. */
import { onScopeDispose, reactive } from 'vue'
import { setServerTime } from './clock'
import type { Gateway, Line, LiveReading, OrderEvent, Search } from './client'

export type LiveStatus = 'connecting' | 'on' | 'lost'

/* lostSince is the browser's clock in ms. */
export const live = reactive<{ status: LiveStatus; lostSince: number | null }>({
  status: 'connecting',
  lostSince: null,
})

export interface LiveHandlers {
  reading?: (reading: LiveReading) => void
  line?: (line: Line) => void
  order?: (order: OrderEvent) => void
  search?: (search: Search) => void
  gateway?: (gateway: Gateway) => void
  /* Events were lost or the connection came back: load again. */
  reload?: () => void
}

const EVENTS = ['reading', 'line', 'order', 'search', 'gateway', 'reload'] as const
type EventName = (typeof EVENTS)[number]

type Message =
  | { type: 'event'; name: EventName; data: string }
  | { type: 'status'; status: LiveStatus; lostSince: number | null }
  | { type: 'hello' }

const PATH = '/api/v1/events'
const QUIET_MS = 30_000 // silence after which the leader asks whether the server still lives
const RETRY_MS = 3_000
const HELLO_MS = 1_500 // a tab that hears no leader shows itself as lost after this time

const listeners = new Set<LiveHandlers>()
let channel: BroadcastChannel | null = null
let leading = false
let source: EventSource | null = null
let lastHeardAt = 0
let opened = false

function deliver(name: EventName, data: string): void {
  let parsed: unknown = null
  if (name !== 'reload') {
    try {
      parsed = JSON.parse(data)
    } catch {
      return // half an event is worth nothing; the next load brings the truth
    }
  }
  for (const handlers of listeners) {
    switch (name) {
      case 'reading':
        handlers.reading?.(parsed as LiveReading)
        break
      case 'line':
        handlers.line?.(parsed as Line)
        break
      case 'order':
        handlers.order?.(parsed as OrderEvent)
        break
      case 'search':
        handlers.search?.(parsed as Search)
        break
      case 'gateway':
        handlers.gateway?.(parsed as Gateway)
        break
      case 'reload':
        handlers.reload?.()
        break
    }
  }
}

function setStatus(status: LiveStatus, lostSince: number | null): void {
  const recovered = status === 'on' && live.status === 'lost'
  live.status = status
  live.lostSince = lostSince
  if (recovered) deliver('reload', '')
}

function post(message: Message): void {
  channel?.postMessage(message)
}

function announce(status: LiveStatus): void {
  const lostSince = status === 'lost' ? (live.lostSince ?? Date.now()) : null
  setStatus(status, lostSince)
  post({ type: 'status', status, lostSince })
}

function hear(name: EventName, data: string): void {
  lastHeardAt = Date.now()
  deliver(name, data)
  post({ type: 'event', name, data })
}

function openSource(): void {
  source?.close()
  const own = new EventSource(PATH)
  source = own
  lastHeardAt = Date.now()
  own.onopen = () => {
    lastHeardAt = Date.now()
    // A fresh EventSource has no Last-Event-ID: what happened in between is lost.
    if (opened && live.status !== 'lost') hear('reload', '')
    opened = true
    announce('on')
  }
  own.onerror = () => {
    announce('lost')
    if (own.readyState === EventSource.CLOSED && source === own) {
      source = null
      window.setTimeout(openSource, RETRY_MS)
    }
  }
  for (const name of EVENTS) {
    own.addEventListener(name, (event) => hear(name, (event as MessageEvent<string>).data))
  }
}

/* A pulled network cable leaves the stream open and mute, and heartbeats are invisible to scripts. */
async function checkQuiet(): Promise<void> {
  if (!source || Date.now() - lastHeardAt < QUIET_MS) return
  try {
    const answer = await fetch('/api/v1/health', { cache: 'no-store', signal: AbortSignal.timeout(5_000) })
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`)
    setServerTime(((await answer.json()) as { now: string }).now)
    lastHeardAt = Date.now()
  } catch {
    announce('lost')
    openSource()
  }
}

function lead(): void {
  leading = true
  // Taking over from a closed tab: what happened between its stream and ours is lost.
  opened = live.status !== 'connecting'
  openSource()
  window.setInterval(() => void checkQuiet(), 10_000)
}

function onMessage(message: Message): void {
  switch (message.type) {
    case 'event':
      if (!leading) deliver(message.name, message.data)
      break
    case 'status':
      if (!leading) setStatus(message.status, message.lostSince)
      break
    case 'hello':
      if (leading) post({ type: 'status', status: live.status, lostSince: live.lostSince })
      break
  }
}

export function startLive(): void {
  if (!navigator.locks || typeof BroadcastChannel === 'undefined') {
    lead()
    return
  }
  channel = new BroadcastChannel('heng-live')
  channel.onmessage = (event: MessageEvent<Message>) => onMessage(event.data)
  // The lock is held until the tab closes; then the next tab in the queue leads.
  void navigator.locks.request('heng-live', () => {
    lead()
    return new Promise<never>(() => {})
  })
  post({ type: 'hello' })
  window.setTimeout(() => {
    if (!leading && live.status === 'connecting') setStatus('lost', Date.now())
  }, HELLO_MS)
}

/* Listen as long as the page is open. */
export function listen(handlers: LiveHandlers): void {
  listeners.add(handlers)
}

/* Listen while the calling component lives. */
export function useLive(handlers: LiveHandlers): void {
  listen(handlers)
  onScopeDispose(() => listeners.delete(handlers))
}

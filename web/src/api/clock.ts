/* The time of the server as this page knows it. Old office computers have wrong clocks; the age of a
 * reading is counted on the clock that stamped it. */
import { onScopeDispose, ref, type Ref } from 'vue'

let offsetMs = 0
let users = 0
let timer = 0
const tick = ref(Date.now())

export function setServerTime(iso: string): void {
  const server = Date.parse(iso)
  if (!Number.isNaN(server)) offsetMs = server - Date.now()
}

export function serverNow(): number {
  return Date.now() + offsetMs
}

/* The server's time in ms, renewed once a second while anybody looks at it. */
export function useNow(): Ref<number> {
  if (users++ === 0) {
    tick.value = serverNow()
    timer = window.setInterval(() => (tick.value = serverNow()), 1000)
  }
  onScopeDispose(() => {
    if (--users === 0) window.clearInterval(timer)
  })
  return tick
}

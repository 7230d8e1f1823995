/* Load data for a page, keep it when the server goes away, load it again when it is back. */
import { onScopeDispose, ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue'
import { ApiError, type ProblemKind } from './client'
import { lostSince } from './connection'
import { useLive } from './live'

export interface Problem {
  kind: ProblemKind
  detail: string
}

export interface Load<T> {
  data: ShallowRef<T | null>
  problem: Ref<Problem | null>
  loading: Ref<boolean>
  /* Load now. */
  reload: () => Promise<void>
  /* Load soon, at most once in the given time: for bursts of live events. */
  refresh: (withinMs?: number) => void
}

const POLL_MS = 30_000 // also when live events work: a cheap net under them
const RETRY_MS = 5_000

/* fetcher may read reactive sources; a change of `key` drops the data and loads again. */
export function useLoad<T>(fetcher: (signal: AbortSignal) => Promise<T>, key: () => unknown = () => 0): Load<T> {
  const data = shallowRef<T | null>(null)
  const problem = ref<Problem | null>(null)
  const loading = ref(false)
  let controller: AbortController | null = null
  let soon = 0

  async function reload(): Promise<void> {
    window.clearTimeout(soon)
    soon = 0
    controller?.abort()
    const own = new AbortController()
    controller = own
    loading.value = true
    try {
      const next = await fetcher(own.signal)
      if (own.signal.aborted) return
      data.value = next
      problem.value = null
    } catch (cause) {
      if (own.signal.aborted) return
      const known = cause instanceof ApiError
      problem.value = { kind: known ? cause.kind : 'failed', detail: cause instanceof Error ? cause.message : '' }
    } finally {
      if (controller === own) loading.value = false
    }
  }

  function refresh(withinMs = 2_000): void {
    if (!soon) soon = window.setTimeout(() => void reload(), withinMs)
  }

  watch(
    key,
    () => {
      data.value = null
      problem.value = null
      void reload()
    },
    { immediate: true },
  )
  useLive({ reload: () => void reload() })

  let lastPoll = Date.now()
  const poll = window.setInterval(() => {
    const lost = lostSince.value !== null
    if (document.hidden || loading.value || Date.now() - lastPoll < (lost ? RETRY_MS : POLL_MS)) return
    lastPoll = Date.now()
    void reload()
  }, 1_000)
  onScopeDispose(() => {
    window.clearInterval(poll)
    window.clearTimeout(soon)
    controller?.abort()
  })
  return { data, problem, loading, reload, refresh }
}

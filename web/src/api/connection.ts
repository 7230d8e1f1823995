/* Whether the server can be reached, by whichever way noticed first: the stream of events or a call. */
import { computed } from 'vue'
import { reach } from './client'
import { live, type LiveStatus } from './live'

/* The browser's clock in ms when the server was lost; null while it answers. */
export const lostSince = computed(() => live.lostSince ?? reach.lostSince)

export const connection = computed<LiveStatus>(() => (lostSince.value !== null ? 'lost' : live.status))

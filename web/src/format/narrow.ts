/* Whether the page is too narrow for tables: phones get cards. */
import { ref, type Ref } from 'vue'

const query = window.matchMedia('(max-width: 759px)')
const narrow = ref(query.matches)
query.addEventListener('change', (event) => (narrow.value = event.matches))

export function useNarrow(): Ref<boolean> {
  return narrow
}

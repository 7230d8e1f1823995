/* Languages: which ones there are, which one is on, the words for the identifiers of the API. */
import { computed, shallowRef } from 'vue'
import { createI18n } from 'vue-i18n'
import english from 'element-plus/es/locale/lang/en' // its controls carry it as their default anyway
import type { Language } from 'element-plus/es/locale'

export const LANGUAGES = { zh: '中文', en: 'English', de: 'Deutsch' } as const
export type LanguageId = keyof typeof LANGUAGES

const TAGS: Record<LanguageId, string> = { zh: 'zh-CN', en: 'en-GB', de: 'de-DE' }
const STORE = 'heng.language'

// One chunk per language: a page loads only the words that it shows.
const CATALOGUES = {
  zh: () => import('./locales/zh.json'),
  en: () => import('./locales/en.json'),
  de: () => import('./locales/de.json'),
}
const CONTROLS = {
  zh: () => import('element-plus/es/locale/lang/zh-cn'),
  en: () => Promise.resolve({ default: english }),
  de: () => import('element-plus/es/locale/lang/de'),
}

type Catalogue = typeof import('./locales/en.json')

/* The groups of the catalogues that are keyed by identifiers of the API. */
export type WordGroup =
  | 'lineState'
  | 'lineStateMeaning'
  | 'meterState'
  | 'meterStateMeaning'
  | 'condition'
  | 'outcome'
  | 'transport'
  | 'protocol'
  | 'counter'
  | 'counterMeaning'
  | 'counterTry'
  | 'order'
  | 'orderEffect'
  | 'stage'
  | 'readStage'
  | 'stageMeaning'
  | 'why'
  | 'searchKind'
  | 'searchStatus'
  | 'searchStatusMeaning'
  | 'function'
  | 'medium'
  | 'quantity'
  | 'unit'
  | 'kind'
  | 'decodeError'
  | 'reason'
  | 'word'
  | 'gatewayState'
  | 'eventDetail'
  | 'eventWhy'
  | 'field'
  | 'fieldMeaning'

export const i18n = createI18n({ legacy: false, locale: 'en', messages: {}, missingWarn: false, fallbackWarn: false })
export const controlWords = shallowRef<Language>()
const catalogue = shallowRef<Catalogue>()

export const language = computed<LanguageId>(() => i18n.global.locale.value as LanguageId)
export const languageTag = computed(() => TAGS[language.value])

function isLanguage(text: string | null): text is LanguageId {
  return text !== null && text in LANGUAGES
}

export function preferredLanguage(): LanguageId {
  try {
    const saved = localStorage.getItem(STORE)
    if (isLanguage(saved)) return saved
  } catch {
    // storage may be forbidden
  }
  for (const tag of navigator.languages) {
    const id = tag.slice(0, 2).toLowerCase()
    if (isLanguage(id)) return id
  }
  return 'en'
}

export async function setLanguage(id: LanguageId, remember = false): Promise<void> {
  const [words, controls] = await Promise.all([CATALOGUES[id](), CONTROLS[id]()])
  i18n.global.setLocaleMessage(id, words.default)
  catalogue.value = words.default
  controlWords.value = controls.default
  i18n.global.locale.value = id
  document.documentElement.lang = TAGS[id]
  if (!remember) return
  try {
    localStorage.setItem(STORE, id)
  } catch {
    // the choice then lasts until the tab closes
  }
}

/* The word for an identifier; an identifier that the catalogue does not know is its own word, unless another one
 * is given. */
export function word(group: WordGroup, id: string, unknown = id): string {
  const words = catalogue.value?.[group] as Record<string, string> | undefined
  return words && Object.hasOwn(words, id) ? (words[id] as string) : unknown
}

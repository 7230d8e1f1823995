/* ECharts with the parts that the console draws with, and its words in the console's languages. */
import { LineChart } from 'echarts/charts'
import { AriaComponent, GridComponent, TooltipComponent } from 'echarts/components'
import { init, registerLocale, use, type EChartsType } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'
import german from 'echarts/lib/i18n/langDE.js'
import type { LanguageId } from '../i18n'

use([LineChart, GridComponent, TooltipComponent, AriaComponent, CanvasRenderer])
registerLocale('DE', german) // English and Chinese are built in

const LOCALES: Record<LanguageId, string> = { zh: 'ZH', en: 'EN', de: 'DE' }

export type Chart = EChartsType

export function createChart(element: HTMLElement, language: LanguageId): Chart {
  return init(element, undefined, { locale: LOCALES[language], renderer: 'canvas' })
}

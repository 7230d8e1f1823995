/* What a value looks like on the page: the unit that people use, switched exactly.
 *
 *   API unit  shown as            exact because
 *   Wh        kWh | MWh | GJ      shift 3, shift 6, x 36 and shift 7 (1 Wh = 3.6e-6 GJ)
 *   J         GJ                  shift 9
 *   m3        m³ | L              shift 0, shift -3
 *   W         kW                  shift 3
 *   s         h, min or s         whichever divides without remainder
 * All other units are shown as they are, written as people write them. */
import { reactive, watch } from 'vue'
import { divideWhole, isDecimal, scale } from './decimal'

export const ENERGY_UNITS = ['kWh', 'MWh', 'GJ'] as const
export const VOLUME_UNITS = ['m3', 'L'] as const
export type EnergyUnit = (typeof ENERGY_UNITS)[number]
export type VolumeUnit = (typeof VOLUME_UNITS)[number]

export interface Choice {
  energy: EnergyUnit
  volume: VolumeUnit
}

export interface Shown {
  text: string
  /* identifier of the shown unit, "" for none */
  unit: string
  /* digits may be grouped and written in the language's way */
  numeric: boolean
}

const STORE = 'heng.units'

function stored(): Choice {
  const choice: Choice = { energy: 'kWh', volume: 'm3' }
  try {
    const saved = JSON.parse(localStorage.getItem(STORE) ?? '{}') as Partial<Choice>
    if (saved.energy && ENERGY_UNITS.includes(saved.energy)) choice.energy = saved.energy
    if (saved.volume && VOLUME_UNITS.includes(saved.volume)) choice.volume = saved.volume
  } catch {
    // a spoilt or forbidden storage only costs the remembered choice
  }
  return choice
}

export const choice = reactive<Choice>(stored())

watch(choice, () => {
  try {
    localStorage.setItem(STORE, JSON.stringify(choice))
  } catch {
    // private windows may forbid it
  }
})

function shownEnergy(value: string, unit: EnergyUnit): Shown {
  switch (unit) {
    case 'kWh':
      return { text: scale(value, -3), unit, numeric: true }
    case 'MWh':
      return { text: scale(value, -6), unit, numeric: true }
    case 'GJ':
      return { text: scale(value, -7, 36n), unit, numeric: true }
  }
}

function shownDuration(value: string): Shown {
  const hours = divideWhole(value, 3600n)
  if (hours !== null) return { text: hours, unit: 'h', numeric: true }
  const minutes = divideWhole(value, 60n)
  if (minutes !== null) return { text: minutes, unit: 'min', numeric: true }
  return { text: value, unit: 's', numeric: true }
}

/* Values without a unit are numbers, dates, versions or flags: only real counts may be grouped. */
const COUNTS = new Set(['dimensionless', 'heat cost allocation units', 'reset counter', 'cumulation counter'])

export function show(quantity: string, unit: string, value: string, wanted: Choice = choice): Shown {
  if (!isDecimal(value)) return { text: value.replace(/^(\d{4}-\d\d-\d\d)T/, '$1 '), unit, numeric: false }
  switch (unit) {
    case 'Wh':
      return shownEnergy(value, wanted.energy)
    case 'J':
      return { text: scale(value, -9), unit: 'GJ', numeric: true }
    case 'm3':
      return wanted.volume === 'L'
        ? { text: scale(value, 3), unit: 'L', numeric: true }
        : { text: value, unit, numeric: true }
    case 'W':
      return { text: scale(value, -3), unit: 'kW', numeric: true }
    case 's':
      return shownDuration(value)
    case '':
      return { text: value, unit, numeric: COUNTS.has(quantity) }
    default:
      return { text: value, unit, numeric: true }
  }
}

const SIGNS: Record<string, string> = {
  m3: 'm³',
  'm3/h': 'm³/h',
  'm3/min': 'm³/min',
  'm3/s': 'm³/s',
  ft3: 'ft³',
  degC: '°C',
  degF: '°F',
  deg: '°',
}

export function unitSign(unit: string): string {
  return SIGNS[unit] ?? unit
}

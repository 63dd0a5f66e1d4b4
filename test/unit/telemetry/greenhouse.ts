/** Family that does not ship, as a user would write it. */

import type { Family } from '../../../lib/telemetry/families.ts'
import { parseFamilies } from '../../support/families.ts'

export const GREENHOUSE = `
family: greenhouse
entity: { source: '/greenhouse/{house}', subject: '{device}' }
fields:
  place.bed: { type: number, min: 1 }
metrics:
  soilMoisture: { unit: '%', min: 0, max: 100 }
  batteryVoltage: { unit: V }
  valves: { type: integer, min: 0 }
states:
  mode: [day, night]
tags: [house]
`

/** Returns the family of a text, with lines replaced. */
export function buildGreenhouse(text = GREENHOUSE): Family {
  return parseFamilies(text).get('greenhouse')
}

/** Family that does not ship, as a user would write it. */

import { buildFamily } from '../../../lib/telemetry/build-family.ts'
import type { Family } from '../../../lib/telemetry/families.ts'
import { readFamilies } from '../../../lib/telemetry/parse-family.ts'

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
  const [raw] = readFamilies([{ file: 'greenhouse.yaml', text }], 'acme')
  if (!raw) throw new Error('no family')
  return buildFamily(raw)
}

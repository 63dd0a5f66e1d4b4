/**
 * Families that do not ship, beside those that do. Import this module before all others that need the families: it names their folder.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SHIPPED_CONFIG } from './shipped-config.ts'

const folder = join(SHIPPED_CONFIG, 'families')

/** The temperature of this family is in °F, and that of another is in °C. */
writeFileSync(
  join(folder, 'greenhouse.yaml'),
  `family: greenhouse
entity: { source: '/greenhouse/{house}', subject: '{device}' }
metrics:
  soilMoisture: { unit: '%', min: 0, max: 100 }
  batteryVoltage: { unit: V }
  temperature: { unit: °F }
others: numbers
tags: [house]
`,
)

export const SIXTY = Array.from({ length: 60 }, (_, index) => `metric${index + 1}`)

writeFileSync(
  join(folder, 'plant.yaml'),
  `family: plant
entity: { source: '/plant/{line}', subject: '{machine}' }
metrics:
${SIXTY.map(name => `  ${name}: { unit: '%' }\n`).join('')}`,
)

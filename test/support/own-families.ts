/**
 * Families that do not ship, beside those that do. Import this module before all others that need the families: it names their folder.
 */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'

const folder = mkdtempSync(join(tmpdir(), 'families-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
cpSync(new URL('../../config/families', import.meta.url), folder, { recursive: true })

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

process.env.FAMILIES_DIR = folder

/**
 * The files of config that ship, in a folder of their own: users have files beside them, on which no test may depend. Import this module
 * before all others that need the families: it names their folder.
 */
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'

const CONFIG = new URL('../../config', import.meta.url).pathname
const SHIPPED = {
  families: ['database.yaml', 'device.yaml', 'environment.yaml', 'metrics.yaml'],
  mappings: [
    'database-metrics.yaml',
    'device.yaml',
    'named-cloudevent.yaml',
    'named-metric.yaml',
    'plain-sensor.yaml',
    'sensor-cloudevent.yaml',
    'sensor-reading.yaml',
    'sensor-room.yaml',
    'sensor-value.yaml',
    'weather.yaml',
  ],
  rules: ['database.yaml', 'weather.yaml'],
  'rules/tests': ['database.yml', 'patterns.yml', 'weather.yml'],
  views: ['plan.json', 'device_ksql.sql', 'transitions.sql'],
}

/** Folder with what ships of `config`. */
export const SHIPPED_CONFIG = mkdtempSync(join(tmpdir(), 'shipped-config-'))
process.once('exit', () => rmSync(SHIPPED_CONFIG, { recursive: true, force: true }))
for (const [folder, names] of Object.entries(SHIPPED))
  for (const name of names) cpSync(join(CONFIG, folder, name), join(SHIPPED_CONFIG, folder, name))

export const SHIPPED_MAPPINGS = SHIPPED.mappings.map(name => name.replace('.yaml', ''))

process.env.FAMILIES_DIR = join(SHIPPED_CONFIG, 'families')

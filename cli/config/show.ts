import { localEnvironment, readConfig } from '../../lib/app/config.ts'
import { FILE_KEYS, SETTINGS } from '../../lib/app/settings-file.ts'
import type { Environment, Setting } from '../../packages/runtime/settings/slice.ts'
import { command, environment, JSON_OPTION, optionalArguments, SOME_TEXT } from '../command.ts'
import { environmentOf } from '../connections.ts'
import { usageFailure } from '../failure.ts'
import { type Column, tableText } from '../table.ts'
import { printReport, type Terminal } from '../terminal.ts'

/** Setting with its current value. */
interface SettingReport {
  readonly variable: string
  /** Key of the setting in a settings file. */
  readonly key: string | null
  /** Current value; null if it is not set and has no default. */
  readonly value: string | null
  readonly from: string | null
}

const MASKED = '********'

export default command({
  about: `Show settings, their values, and the source of each: the command line, an environment variable, a line of the settings
file, the running stack, or the default.

Secrets are masked. Without --json, settings without a value are omitted.`,
  more: `
Examples:
  sluice config show
  sluice --config sluice.yml config show kafka producer
  sluice config show KAFKA_BROKERS --json`,
  args: { name: optionalArguments('sections or keys of the settings file, or variables', SOME_TEXT) },
  options: { json: JSON_OPTION, env: environment('whose settings are shown') },
  async run({ name: names, json, env }, terminal) {
    const used = environmentOf(terminal, env)
    const keys = new Map<string, string>(
      Object.entries(FILE_KEYS).flatMap(([section, named]) =>
        Object.entries(named).map(([key, variable]) => [variable, `${section}.${key}`] as const),
      ),
    )
    const all = Object.entries(SETTINGS)
      .filter(([, { setBy }]) => setBy !== 'runtime')
      .map(([variable, setting]) => reportOf(variable, setting, keys.get(variable) ?? null, used, terminal))
    const isNamed = ({ variable, key }: SettingReport, name: string) =>
      variable === name.toUpperCase() || key === name || key?.startsWith(`${name}.`)
    const unknown = names.find(name => !all.some(one => isNamed(one, name)))
    if (unknown !== undefined)
      throw usageFailure(`${unknown}: unknown setting. \`sluice config show --json\` lists all settings.`)
    const settings = names.length === 0 ? all : all.filter(one => names.some(name => isNamed(one, name)))
    printReport(terminal, { file: terminal.settingsFile?.file ?? null, settings }, json, settingsText)
    // Errors that concern a combination of settings are shown after the settings.
    readConfig(used)
  },
})

function reportOf(
  variable: string,
  setting: Setting,
  key: string | null,
  used: Environment,
  terminal: Terminal,
): SettingReport {
  const given = used[variable]?.trim()
  const { default: standard = null } = setting
  const value = given || standard
  const shown = value === null ? null : setting.isSecret ? MASKED : withoutPassword(value)
  return { variable, key, value: shown, from: value === null ? null : originOf(variable, used, terminal) }
}

/** Masks the user and password in a value that contains an address. */
function withoutPassword(value: string): string {
  return value.replace(/(?<=:\/\/)[^@/\s]*(?=@)/g, MASKED)
}

function originOf(variable: string, used: Environment, terminal: Terminal): string {
  const { environment: variables, ownEnvironment = variables, settingsFile: file } = terminal
  const value = used[variable]
  if (!value?.trim()) return 'default'
  if (value === ownEnvironment[variable]) return 'environment'
  const inFile = file?.values.get(variable)
  if (file && value === inFile?.text) return `${file.file}:${inFile.line}`
  const { withKafkaOptions = same => same } = terminal
  if (value === withKafkaOptions(variables)[variable] || variable === 'SLUICE_ENV') return 'command line'
  return value === localEnvironment(variables)[variable] ? 'default' : 'running stack'
}

const COLUMNS: readonly Column[] = [
  { heading: 'VARIABLE' },
  { heading: 'KEY', leaveOut: 1 },
  { heading: 'VALUE', least: 16 },
  { heading: 'FROM' },
]

function settingsText(
  { file, settings }: { file: string | null; settings: readonly SettingReport[] },
  columns?: number,
): string {
  const rows = settings
    .filter(({ value }) => value !== null)
    .map(({ variable, key, value, from }) => [variable, key ?? '-', value ?? '', from ?? ''])
  const title =
    file === null ? 'No settings file: specify one with --config or SLUICE_CONFIG.' : `Settings file: ${file}`
  return `${title}\n\n${rows.length === 0 ? 'None of these settings has a value.' : tableText(COLUMNS, rows, columns)}\n`
}

/** Rules, tables, families, inputs, receivers and silences that are saved and not in force yet, or were refused. */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type AnyRule, buildRuleSet, checkRules, getRuleIdentity } from '../../lib/alerting/index.ts'
import { openStoredSilences } from '../../lib/clock/stored-silences.ts'
import { type ApplyingSign, applyingName, isApplying } from '../../lib/clock/view-plan.ts'
import { readConfigFile } from '../../lib/support/adapters/config-file.ts'
import { durationText } from '../../lib/support/duration.ts'
import { errorLine, FileError } from '../../lib/support/file-errors.ts'
import { readableTables, type TablePlan } from '../../lib/views/index.ts'
import { isExample } from '../../lib/views/language/index.ts'
import { readActivatedRules } from '../queries/alerts/activated-rules.ts'
import { describeRefusal, readSavedFiles, type SavedFile } from '../queries/saved-files.ts'
import type { Environment } from './environment.ts'

/** A saved thing that is not in force. */
export interface NotInForce {
  readonly kind: SavedFile['kind'] | 'silence'
  /** Name of the rule, table or silence, or path of the file. */
  readonly name: string
  /** Time of the save, in milliseconds since the epoch. */
  readonly sinceMs: number
  readonly reason: string
  /** Path of the file with the rule or table; null for others. */
  readonly where: string | null
}

interface EditedText {
  readonly file: string
  readonly text: string
  readonly savedMs: number
}

/** Rules of files, and those that the log has activated. */
interface RuleFacts {
  readonly files: readonly (EditedText & {
    readonly rules: readonly AnyRule[]
    readonly errors: readonly string[]
  })[]
  readonly active: readonly AnyRule[]
  /** True if the log has the rules of the files. */
  readonly isAppended: boolean
}

/** Statements of files, and the tables that can be read. */
interface TableFacts {
  readonly files: readonly EditedText[]
  readonly readable: readonly Pick<TablePlan, 'name' | 'statement'>[]
  readonly reason: string
}

/** Facts of an environment. Those that are not known are absent. */
export interface ForceFacts {
  readonly saves: readonly SavedFile[]
  readonly rules?: RuleFacts | undefined
  readonly tables?: TableFacts | undefined
  /** Last change of the silences, if the log does not have it. */
  readonly silence?: { readonly name: string; readonly sinceMs: number } | undefined
}

const BEHIND = 'alerting first has to read the records before it'
const BY_CLOCK = 'the function clock appends it to the log within a minute, once the functions run'

/** Returns the saved things that are not in force. Pure. */
export function listNotInForce({ saves, rules, tables, silence }: ForceFacts): readonly NotInForce[] {
  const things = [...(rules ? listRules(rules, saves) : []), ...(tables ? listTables(tables) : [])]
  const isNamed = (path: string) => things.some(({ where }) => where === path)
  const files = saves.filter(({ kind, path }) => kind !== 'table' && !isNamed(path))
  return [
    ...files.map(({ path: name, ...save }) => ({ ...save, name, where: null })),
    ...things,
    ...(silence ? [{ kind: 'silence', ...silence, reason: BY_CLOCK, where: null } as const] : []),
  ]
}

function listRules({ files, active, isAppended }: RuleFacts, saves: readonly SavedFile[]): NotInForce[] {
  const toText = (rule: AnyRule) => JSON.stringify(buildRuleSet([rule]).rules)
  const known = new Set(active.map(toText))
  return files.flatMap(({ file: where, savedMs: sinceMs, rules, errors }): NotInForce[] => {
    const save = saves.find(({ path }) => path === where)
    if (errors.length > 0 && !save)
      return [{ kind: 'rule', name: where, sinceMs, reason: describeRefusal(errors), where: null }]
    const reason = save?.reason ?? (isAppended ? BEHIND : BY_CLOCK)
    const saved = rules.filter(rule => !known.has(toText(rule)))
    return saved.map(rule => ({ kind: 'rule', name: getRuleIdentity(rule), sinceMs, reason, where }))
  })
}

const DECLARED = /\bCREATE\s+(?:OR\s+REPLACE\s+)?TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?`?(\w+)/gi

function listTables({ files, readable, reason }: TableFacts): NotInForce[] {
  // Examples may step aside.
  const own = files.filter(({ file: name, text }) => !isExample({ name, text }))
  return own.flatMap(({ file: where, text, savedMs: sinceMs }) => {
    const isSame = (name: string) =>
      readable.some(
        table => table.name.toLowerCase() === name.toLowerCase() && text.includes(table.statement),
      )
    const names = [...text.replace(/--.*/g, '').matchAll(DECLARED)].map(([, name = '']) => name)
    const saved = names.filter(name => !isSame(name))
    return saved.map(name => ({ kind: 'table', name, sinceMs, reason, where }))
  })
}

const MAX_NAMED = 5

/** Returns sentences about things that are not in force, one for each file or reason. Pure. */
export function describeNotInForce(things: readonly NotInForce[], nowMs: number): string[] {
  const groups = Map.groupBy(things, ({ kind, reason, where }) => [kind, where, reason].join())
  return [...groups.values()].map(own => {
    const [{ kind, sinceMs, reason, where }] = own as [NotInForce]
    const isMany = own.length > 1
    const more = own.length > MAX_NAMED ? [`${own.length - MAX_NAMED} more`] : []
    const listed = [...own.slice(0, MAX_NAMED).map(({ name }) => name), ...more].join(', ')
    const named = `The ${kind}${isMany ? 's' : ''} ${listed}${where === null ? '' : ` of ${where}`}`
    const subject = where === null && kind !== 'silence' ? listed : named
    const age = durationText(Math.max(0, nowMs - sinceMs))
    return `${subject}, saved ${age} ago, ${isMany ? 'are' : 'is'} not in force: ${reason.replace(/[.?]$/, '')}.`
  })
}

/**
 * Reads what is saved and not in force. The files of an account are packaged, so only the silences in Redis are compared there.
 *
 * @param kinds kinds to read; all by default
 * @throws Unavailable if Redis does not answer
 */
export async function readNotInForce(
  environment: Environment,
  kinds?: readonly NotInForce['kind'][],
): Promise<readonly NotInForce[]> {
  const isRead = (kind: NotInForce['kind']) => kinds?.includes(kind) ?? true
  const { isLocal } = environment
  const [rules, tables, silence] = await Promise.all([
    isLocal && isRead('rule') ? readRules(environment) : undefined,
    isLocal && isRead('table') ? readTables(environment) : undefined,
    isRead('silence') ? readSilence(environment) : undefined,
  ])
  const saves = readSavedFiles(environment.config.savedFiles).filter(({ kind }) => isRead(kind))
  return listNotInForce({ saves, rules, tables, silence })
}

async function readRules(environment: Environment): Promise<RuleFacts | undefined> {
  const { families, rulesDir, env } = environment.config
  const readings = await environment.topicSize('readings')
  const activated = await readActivatedRules(families, await environment.inspection(), readings)
  const found = await readTexts(rulesDir, /\.ya?ml$/)
  // Before the first activation, alerting uses the rules of the folder.
  if (!activated || found.length === 0) return undefined
  const files = found.map(file => {
    const { rules, errors } = checkRules(families, [file])
    return { ...file, rules, errors: errors.map(errorLine) }
  })
  const last = await environment.connections.value<{ readonly hash: string }>(`rules:${env}`)
  const { hash } = buildRuleSet(files.flatMap(({ rules }) => rules))
  return { files, active: activated.rules, isAppended: (await last.read())?.hash === hash }
}

async function readTables(environment: Environment): Promise<TableFacts> {
  const { config, connections, statementsRefusal } = environment
  const folders = [config.viewsDir, config.sentViewsDir ?? []].flat()
  const files = await Promise.all(folders.map(folder => readTexts(folder, /\.sql$/)))
  const applying = await connections.value<{ readonly underway?: ApplyingSign }>(applyingName(config.env))
  const { underway } = (await applying.read()) ?? {}
  const isBuilt = underway !== undefined && isApplying(underway, Date.now())
  const usual = statementsRefusal ?? '`npm start`, or `sluice views apply`, puts it into force'
  const readable = readableTables(await environment.sqlTables())
  return { files: files.flat(), readable, reason: isBuilt ? 'it is being built' : usual }
}

/** Reads the files of a folder; none without the folder. A file that is no text is left to the reload, which refuses it. */
async function readTexts(folder: string, name: RegExp): Promise<readonly EditedText[]> {
  const names = (await readdir(folder).catch(() => [])).filter(file => name.test(file)).sort()
  const read = async (file: string) => {
    const text = await readConfigFile(file, file).catch(ignoreFileError)
    return text === undefined ? [] : [{ file, text, savedMs: (await stat(file)).mtimeMs }]
  }
  return (await Promise.all(names.map(file => read(join(folder, file))))).flat()
}

function ignoreFileError(error: unknown): undefined {
  if (!(error instanceof FileError)) throw error
}

async function readSilence({ connections, config: { env } }: Environment): Promise<ForceFacts['silence']> {
  const set = await (await openStoredSilences(connections, env)).read()
  const last = await connections.value<{ readonly revision: number }>(`silences-appended:${env}`)
  // A revision is at least the time of its change.
  return set && (await last.read())?.revision !== set.revision
    ? { name: set.change.silenceId, sinceMs: set.revision }
    : undefined
}

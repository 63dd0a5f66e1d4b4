/**
 * Puts the statements of a folder into force, and writes CREATE and DROP into `local.sql`. The files decide: a start after a
 * crash applies what they say. A table without a statement stays until it is dropped by name, because a file that is moved or half
 * saved must not cost rows.
 */
import { existsSync, readFileSync, renameSync } from 'node:fs'
import { access, constants, mkdir, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { fileFailure, OperationFailure } from '../../lib/support/operation-failure.ts'
import { readText } from '../../lib/support/text-reader.ts'
import type { Families } from '../../lib/telemetry/index.ts'
import { type ActivatedPlan, NO_TABLES, type TablePlan, type ViewPlan } from '../../lib/views/index.ts'
import { compilePlan, type StreamTopics } from '../../lib/views/language/compilation.ts'
import {
  type AsideExample,
  type ChangingStatement,
  describeAside,
  LOCAL_FILE,
  StatementError,
  type StatementFile,
} from '../../lib/views/language/index.ts'
import { parse } from '../../lib/views/language/parser.ts'
import { editStatements } from '../statements/local-statements.ts'
import {
  hasChanges,
  joinNames,
  type PlanChange,
  planChange,
  withUndeclared,
} from '../statements/plan-change.ts'
import { findNotices, formatPlan, listAside, readStatements, showSent } from '../statements/statements.ts'
import {
  applyViews,
  createProgress,
  formatProgress,
  requireIdle,
  TablesNotReady,
  type ViewPorts,
} from '../table-builds/apply-views.ts'
import { runAudited, type Trail } from './audited-operation.ts'

export interface FolderParts {
  /** Folder with the statements and their plan, and its path in messages. */
  readonly folder: string
  readonly shownFolder: string
  /** Folder of `local.sql` and the plan of all statements, if it is another one. */
  readonly sent?: string | undefined
  readonly getFamilies: () => Families
  /** Loads the topics that streams can name. */
  readonly loadTopics: () => Promise<StreamTopics>
  /** Returns the plan in force; `NO_TABLES` before the first run of the function `clock`. */
  readonly readInForce: () => Promise<ActivatedPlan>
  readonly openPorts: () => Promise<ViewPorts>
  readonly trail: Trail
  /** Shows a line. */
  readonly report: (line: string) => void
  readonly stop: AbortSignal
}

const PLAN_FILE = 'plan.json'
/** Begin of the report that statements are refused. */
const REFUSED = '✗ the old tables are kept'
/** Interval of the lines of progress, in milliseconds. */
const REPORT_MS = 5_000
/** Interval at which tables that cannot be changed yet are looked at, in milliseconds. */
const LOOK_MS = 1_000
/** Times without a change after which a longer or a shorter file counts as saved, in milliseconds: some editors empty a file first. */
const [LONGER_MS, SHORTER_MS] = [200, 3_000]
/** Number of times that a statement is added to what another program has saved meanwhile. */
const TRIES = 20

export class StatementFolder {
  readonly #parts: FolderParts
  /** Folder that is written to, and its path in messages. */
  readonly #own: { readonly folder: string; readonly shown: string }
  #edits: Promise<unknown> = Promise.resolve()
  #applies: Promise<unknown> = Promise.resolve()
  #reported = ''
  /** Text of `local.sql` as it was last read or written here. */
  #local = ''
  /** Examples that stepped aside when the statements were last put into force. */
  #aside: readonly AsideExample[] = []

  constructor(parts: FolderParts) {
    this.#parts = parts
    const { folder, shownFolder, sent } = parts
    this.#own = sent === undefined ? { folder, shown: shownFolder } : { folder: sent, shown: showSent(sent) }
  }

  /** Puts the statements into force if others are, and reports that or the errors, of which each changes nothing. */
  async apply(): Promise<void> {
    const { report, stop } = this.#parts
    const text = await this.#enqueue().catch(
      (error: Error) => `${REFUSED}:\n${error.message.replaceAll(/^ */gm, '    ')}`,
    )
    if (stop.aborted) return
    const isCorrected = text === '' && this.#reported.startsWith(REFUSED)
    // The folder is applied after each save of a file on which statements may depend.
    if (isCorrected) report('the error is corrected; the tables have not changed')
    else if (text !== '' && text !== this.#reported) report(text)
    this.#reported = text
  }

  /**
   * Writes a statement into the file, and begins to put it into force. Returns a notice if there is nothing to change.
   *
   * @returns the result, when it is in force
   * @throws OperationFailure or FileError if the statement cannot be carried out; then nothing is changed
   */
  async change(
    statement: ChangingStatement,
  ): Promise<{ readonly ended: Promise<string> } | { readonly notice: string }> {
    const { report, stop } = this.#parts
    const edit = this.#edits.then(() => this.#edit(statement))
    this.#edits = edit.catch(() => {})
    const notice = await edit
    if (notice !== undefined) return { notice }
    const applied = this.#enqueue(statement.kind === 'drop' ? statement.name.text : undefined)
    const ended = applied.then(
      text => {
        const saved = readFileText(join(this.#own.folder, LOCAL_FILE))
        // A change before this one may have applied the file already.
        if (saved === this.#local || statement.kind === 'drop' || saved.includes(statement.text))
          return text || 'The file is in force.'
        throw new OperationFailure(
          `Another program has saved ${LOCAL_FILE} since, without ${statement.name.text}. Repeat the statement.`,
        )
      },
      (error: Error) => {
        const reason = stop.aborted ? 'the server has ended' : error.message
        throw new OperationFailure(
          `The file ${LOCAL_FILE} was changed, but not the tables: ${reason}. The next start applies the file; repeat a DROP.`,
        )
      },
    )
    ended.then(report, ({ message }: Error) => report(`✗ ${message}`))
    return { ended }
  }

  /** Applies the folder after what is being applied. @param dropped name of a table that is not kept without a statement */
  #enqueue(dropped?: string): Promise<string> {
    const applied = this.#applies.then(() => this.#applyWhenReady(dropped))
    this.#applies = applied.catch(() => {})
    return applied
  }

  async #applyWhenReady(dropped: string | undefined): Promise<string> {
    const { stop } = this.#parts
    for (;;)
      try {
        stop.throwIfAborted()
        return await this.#putIntoForce(dropped)
      } catch (error) {
        if (!(error instanceof TablesNotReady)) throw error
        await pause(LOOK_MS, undefined, { signal: stop })
      }
  }

  /** Returns what has changed. */
  async #putIntoForce(dropped: string | undefined): Promise<string> {
    const { openPorts, trail, report, stop } = this.#parts
    const inForce = await this.#readInForce()
    const files = await this.#read()
    this.#local ||= readFileText(join(this.#own.folder, LOCAL_FILE))
    // A folder can have a plan alone.
    if (files.length === 0) return ''
    const declared = await this.#compile(files, inForce)
    const aside = listAside(files)
    const wanted = withUndeclared(inForce, declared, [...aside.map(({ name }) => name), dropped ?? ''])
    const change = planChange(inForce, wanted)
    const progress = createProgress()
    if (hasChanges(change) || inForce.building.length > 0) {
      const ports = await openPorts()
      // A wait for another run is not an operation.
      requireIdle((await ports.applying.read()).underway, ports.nowMs())
      const action = dropped === undefined ? 'views apply' : 'views drop'
      const filter = { tables: joinNames([...change.build, ...change.dropped]) }
      const reporting = setInterval(() => report(`tables: ${formatProgress(progress)}`), REPORT_MS)
      await runAudited(trail, { action, filter }, counts =>
        applyViews(ports, wanted, trail.by, { progress, stop }, counts),
      ).finally(() => clearInterval(reporting))
    }
    const undeclared = wanted.tables.filter(table => !declared.tables.includes(table))
    // If the package did not have these tables, the function `clock` would drop them.
    if (undeclared.length === 0) await this.#writePlans(declared, inForce)
    const added = aside.filter(example => !this.#aside.some(known => isDeepStrictEqual(known, example)))
    this.#aside = aside
    const notices = [...findNotices(files, change), ...describeAside(added)]
    return describeApplied(change, progress.rows, undeclared, notices)
  }

  /** Writes the plan of all statements and, without those that were sent, that of the folder of the project. */
  async #writePlans(declared: ViewPlan, inForce: ActivatedPlan): Promise<void> {
    const { folder, shownFolder, sent } = this.#parts
    const write = async (plan: ViewPlan, at: string) => {
      const [text, before] = [formatPlan(plan), readFileText(join(at, PLAN_FILE))]
      if (text !== before) await this.#replace(PLAN_FILE, text, before, at)
    }
    await write(declared, this.#own.folder)
    // Containers mount the folder of the project so that it can only be read.
    if (sent === undefined || (await access(folder, constants.W_OK).catch(error => error))) return
    const files = await readStatements(folder, shownFolder)
    const tracked = await this.#compile(files, inForce).catch(() => undefined)
    // A table of the project can read a stream that was sent. Its plan then stays.
    if (tracked) await write(tracked, folder)
  }

  /** Writes a statement into the file. Returns a notice if there is nothing to change. */
  async #edit(statement: ChangingStatement): Promise<string | undefined> {
    const inForce = await this.#readInForce()
    const name = join(this.#own.shown, LOCAL_FILE)
    let [seen, tries] = [this.#local, 0]
    for (; tries < TRIES; tries++) {
      const before = readFileText(join(this.#own.folder, LOCAL_FILE))
      if (before !== seen) {
        seen = before
        const ms = before.length < this.#local.length ? SHORTER_MS : LONGER_MS
        await pause(ms, undefined, { signal: this.#parts.stop })
        continue
      }
      this.#local = before
      // If these are newer, nothing is written.
      const files = await this.#read()
      await this.#compile(files, inForce)
      const edited = editStatements(files, name, statement, inForce)
      if ('notice' in edited) return edited.notice
      const { text } = edited
      const typed = await this.#compile(edited.files, inForce).catch(error => {
        if (statement.kind !== 'drop' || !(error instanceof StatementError)) throw error
        const problem = `${statement.name.text} is in use, so it is not dropped: ${error.problem}.`
        throw new OperationFailure(problem)
      })
      const others = files.filter(file => file.name !== name)
      const written = await this.#compile([...others, { name, text }], inForce)
      if (!isDeepStrictEqual(listStatements(typed), listStatements(written)))
        throw new OperationFailure(`${name} cannot take the statement: write it into a file of its own.`)
      if (await this.#replace(LOCAL_FILE, text, before)) {
        this.#local = text
        return undefined
      }
    }
    throw new OperationFailure(`Nothing was changed, because ${name} is being saved. Repeat the statement.`)
  }

  /** @throws TablesNotReady before the first run of the function `clock` */
  async #readInForce(): Promise<ActivatedPlan> {
    const inForce = await this.#parts.readInForce()
    if (inForce !== NO_TABLES) return inForce
    throw new TablesNotReady(
      'No tables are in force yet. The function clock puts them into force within a minute.',
    )
  }

  #read(): Promise<readonly StatementFile[]> {
    const { folder, shownFolder, sent } = this.#parts
    return readStatements(folder, shownFolder, sent)
  }

  async #compile(files: readonly StatementFile[], { tables }: ActivatedPlan): Promise<ViewPlan> {
    return compilePlan(this.#parts.getFamilies(), files, parse, await this.#parts.loadTopics(), tables)
  }

  /** Replaces a file as a whole. Returns false if another program has changed its text meanwhile, which then stays. */
  async #replace(name: string, text: string, before: string, folder = this.#own.folder): Promise<boolean> {
    const [path, next] = [join(folder, name), join(folder, `.${name}.next`)]
    try {
      await mkdir(folder, { recursive: true })
      await writeFile(next, text)
      // No other work can run here between these two calls.
      const isSame = readFileText(path) === before
      if (isSame) renameSync(next, path)
      return isSame
    } catch (error) {
      const shown = folder === this.#own.folder ? this.#own.shown : this.#parts.shownFolder
      throw fileFailure(join(shown, name), error)
    }
  }
}

/** Returns the streams and tables of a plan, whose order means nothing. */
const listStatements = ({ streams, tables }: ViewPlan) => new Set<object>([...streams, ...tables])

/** Returns the text of a file, which is empty without the file. */
function readFileText(path: string): string {
  return existsSync(path) ? readText(readFileSync(path), basename(path)) : ''
}

/** Returns what was changed, and which tables have no statement. */
function describeApplied(
  { build, dropped, changesStreams }: PlanChange,
  rows: number,
  undeclared: readonly TablePlan[],
  notices: readonly string[],
): string {
  const lines = [
    ...(build.length > 0 ? [`tables in force: ${joinNames(build)}, with ${rows} rows of the past`] : []),
    ...(dropped.length > 0 ? [`tables dropped: ${joinNames(dropped)}`] : []),
    ...(build.length + dropped.length === 0 && changesStreams ? ['the streams are in force'] : []),
    ...(undeclared.length > 0
      ? [`tables without a statement: ${joinNames(undeclared)}; \`sluice views drop\` drops a table`]
      : []),
    ...notices,
  ]
  return lines.join('\n')
}

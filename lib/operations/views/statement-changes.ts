/**
 * Carries out CREATE and DROP as `sluice views apply` and `views drop` do, and keeps them in the file `local.sql`: file and plan
 * change together or not at all. The statement is noted before it begins, so that a start after a crash finishes it.
 */
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { instant } from '#runtime/consumer/index.ts'
import type { Families } from '../../telemetry/families.ts'
import type { StreamTopics } from '../../views/language/compile-stream.ts'
import { parse } from '../../views/language/parser.ts'
import { runAudited, type Trail } from '../audited-operation.ts'
import { fileFailure, OperationFailure } from '../operation-failure.ts'
import { applyViews, busyFailure, createProgress, formatProgress, type ViewPorts } from './apply-views.ts'
import {
  type ChangingStatement,
  type EditedStatements,
  editStatements,
  endStatement,
} from './local-statements.ts'
import { planChange } from './plan-change.ts'
import { formatPlan, readStatements } from './statements.ts'

export interface StatementChange {
  /** Name of the change, such as `table/ORDERS/create`. */
  readonly id: string
  status: 'EXECUTING' | 'SUCCESS' | 'ERROR'
  /** Progress, result or error. */
  readonly describe: () => string
  /** Resolves when the change has succeeded or failed. */
  readonly ended: Promise<void>
}

export interface ChangeParts {
  /** Folder with the statements and their plan, and its path in messages. */
  readonly folder: string
  readonly shownFolder: string
  /** File for the statement that is being carried out. */
  readonly noteFile: string
  readonly getFamilies: () => Families
  /** Loads the topics that streams can name. */
  readonly loadTopics: () => Promise<StreamTopics>
  readonly openPorts: () => Promise<ViewPorts>
  readonly trail: Trail
  /** Shows a line of progress. */
  readonly report: (line: string) => void
  readonly stop: AbortSignal
}

const LOCAL_FILE = 'local.sql'
const PLAN_FILE = 'plan.json'
/** Interval of the lines of progress, in milliseconds. */
const REPORT_MS = 5_000
const MOST_KEPT = 100

interface BegunChange extends Pick<EditedStatements, 'wanted'> {
  readonly statement: ChangingStatement
  /** True for a change that was begun before a crash. */
  readonly isNoted: boolean
}

export class StatementChanges {
  readonly #parts: ChangeParts
  readonly #changes = new Map<string, StatementChange>()
  #running: { readonly begunAt: string; readonly by: string } | undefined

  constructor(parts: ChangeParts) {
    this.#parts = parts
  }

  /** Returns the newest change of this name; undefined if there is none. */
  find(id: string): StatementChange | undefined {
    return this.#changes.get(id)
  }

  /**
   * Begins a change, or returns a notice if there is nothing to change.
   *
   * @throws OperationFailure if another change runs, such as an interrupted one that is finished first, or StatementError for an
   *   invalid statement; nothing was changed
   */
  async begin(statement: ChangingStatement): Promise<StatementChange | { readonly notice: string }> {
    const begunAt = instant(Date.now())
    let isOther = false
    const begun = await this.#alone(async () => {
      const ports = await this.#parts.openPorts()
      const noted = await this.#readNote()
      isOther = noted !== undefined
      return noted ? this.#startNoted(ports, noted) : this.#start(ports, statement)
    })
    if (isOther) throw busyFailure({ begunAt, by: this.#parts.trail.by })
    return begun
  }

  /** Finishes the change that a crash has interrupted. @throws OperationFailure if it cannot be finished; it stays noted */
  async finishInterrupted(): Promise<void> {
    const noted = await this.#readNote()
    if (noted === undefined) return
    const begun = await this.#alone(async () => this.#startNoted(await this.#parts.openPorts(), noted))
    if ('ended' in begun) await begun.ended
  }

  async #alone(
    begin: () => Promise<StatementChange | { readonly notice: string }>,
  ): Promise<StatementChange | { readonly notice: string }> {
    if (this.#running) throw busyFailure(this.#running)
    this.#running = { begunAt: instant(Date.now()), by: this.#parts.trail.by }
    const release = () => {
      this.#running = undefined
    }
    try {
      const begun = await begin()
      if ('notice' in begun) release()
      else void begun.ended.finally(release)
      return begun
    } catch (error) {
      release()
      throw error
    }
  }

  /** @throws OperationFailure if the change cannot be finished; it stays noted */
  async #startNoted(ports: ViewPorts, noted: ChangingStatement) {
    return this.#start(ports, noted, true).catch((error: Error) => {
      const { noteFile } = this.#parts
      throw new OperationFailure(
        `A crash has interrupted the change of ${noted.name.text}. Correct what prevents its end, or remove ${noteFile}: ${error.message}`,
        { cause: error },
      )
    })
  }

  async #readNote(): Promise<ChangingStatement | undefined> {
    const { noteFile, report } = this.#parts
    const text = await readFile(noteFile, 'utf8').catch(() => undefined)
    if (text === undefined) return undefined
    const noted = parseNote(text)
    if (noted) return noted
    report(`${noteFile} has no statement that can be read, so none is finished.`)
    await rm(noteFile, { force: true })
    return undefined
  }

  async #start(ports: ViewPorts, statement: ChangingStatement, isNoted = false) {
    const inForce = await ports.inForce.read()
    if (!inForce)
      throw new OperationFailure(
        'No tables are in force yet. The function clock puts them into force within a minute.',
      )
    const edit = async (isBegun: boolean) => {
      const { getFamilies, folder, shownFolder, loadTopics } = this.#parts
      const files = await readStatements(folder, shownFolder)
      const local = join(shownFolder, LOCAL_FILE)
      return editStatements(getFamilies(), files, local, statement, inForce, isBegun, await loadTopics())
    }
    const edited = await edit(isNoted)
    if ('notice' in edited) return edited
    // Files that cannot be written fail here, before anything is changed.
    await this.#writeNext(edited)
    await this.#write(`${this.#parts.noteFile}.next`, `${endStatement(statement.text)}\n`)
    await rename(`${this.#parts.noteFile}.next`, this.#parts.noteFile)
    return this.#carryOut(ports, { statement, isNoted, wanted: edited.wanted }, async () => {
      // Files that were changed meanwhile keep that.
      const now = await edit(true)
      if ('notice' in now) return
      await this.#writeNext(now)
      for (const name of [LOCAL_FILE, PLAN_FILE])
        await rename(this.#nextPath(name), join(this.#parts.folder, name))
    })
  }

  #carryOut(
    ports: ViewPorts,
    { statement, isNoted, wanted }: BegunChange,
    commit: () => Promise<void>,
  ): StatementChange {
    const { trail, report, stop } = this.#parts
    const isDrop = statement.kind === 'drop'
    const kind = isDrop ? statement.of : statement.kind
    const { text: name } = statement.name
    const progress = createProgress()
    let result = ''
    const describe = () => result || formatProgress(progress)
    const reporting = setInterval(() => report(`${kind} ${name}: ${describe()}`), REPORT_MS)
    const run = async () => {
      const action = isDrop ? ('views drop' as const) : ('views apply' as const)
      const apply = async (counts: Record<string, number>) =>
        applyViews(ports, wanted, trail.by, { progress, stop }, counts)
      const error = await runAudited(trail, { action, filter: { tables: name } }, apply).then(
        () => undefined,
        (thrown: Error) => thrown,
      )
      const isDone = error === undefined || (await this.#isInForce(ports, wanted))
      // The files may have a part of an interrupted change, so it stays noted until it is done.
      await this.#settle(isNoted ? isDone || undefined : isDone, commit)
      if (error) throw error
    }
    const change: StatementChange = {
      id: `${kind}/${name.toUpperCase()}/${isDrop ? 'drop' : 'create'}`,
      status: 'EXECUTING',
      describe,
      ended: run()
        .then(
          () => {
            change.status = 'SUCCESS'
            result = isDrop
              ? `${name} was dropped.`
              : `The ${kind} ${name} is in force${kind === 'table' ? `, with ${progress.rows} rows of the past` : ''}.`
          },
          (error: Error) => {
            change.status = 'ERROR'
            result = stop.aborted ? 'Stopped. The next start finishes it.' : error.message
          },
        )
        .finally(() => {
          clearInterval(reporting)
          report(`${kind} ${name}: ${result}`)
        }),
    }
    this.#keep(change)
    return change
  }

  /** @param isDone undefined for a change that stays noted: it was interrupted, or it is unknown whether it is in force */
  async #settle(isDone: boolean | undefined, commit: () => Promise<void>): Promise<void> {
    if (isDone) await commit()
    if (isDone === undefined) return
    for (const file of [this.#parts.noteFile, this.#nextPath(LOCAL_FILE), this.#nextPath(PLAN_FILE)])
      await rm(file, { force: true })
  }

  #keep(change: StatementChange): void {
    this.#changes.delete(change.id)
    this.#changes.set(change.id, change)
    const [oldest] = this.#changes.keys()
    if (this.#changes.size > MOST_KEPT && oldest) this.#changes.delete(oldest)
  }

  /** Returns whether a plan is in force; undefined if the change was interrupted, or the plan cannot be read. */
  async #isInForce({ inForce }: ViewPorts, wanted: EditedStatements['wanted']): Promise<boolean | undefined> {
    if (this.#parts.stop.aborted) return undefined
    const now = await inForce.read().catch(() => undefined)
    if (!now) return undefined
    const { build, dropped, changesStreams } = planChange(now, wanted)
    return build.length + dropped.length === 0 && !changesStreams
  }

  async #writeNext({ text, packaged }: EditedStatements): Promise<void> {
    await this.#write(this.#nextPath(LOCAL_FILE), text)
    await this.#write(this.#nextPath(PLAN_FILE), formatPlan(packaged))
  }

  async #write(file: string, text: string): Promise<void> {
    await writeFile(file, text).catch(error => {
      throw fileFailure(file, error)
    })
  }

  /** Returns the path of a file that replaces another one. */
  #nextPath(name: string): string {
    return join(this.#parts.folder, `.${name}.next`)
  }
}

/** Returns the statement of a note; undefined for a text that is none. */
function parseNote(text: string): ChangingStatement | undefined {
  try {
    const [noted] = parse(text)
    return noted?.kind === 'stream' || noted?.kind === 'table' || noted?.kind === 'drop' ? noted : undefined
  } catch {
    return undefined
  }
}

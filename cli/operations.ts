/** Commands that carry out an operation: their options, their protocol and `--json` follow from it. */
import { once } from 'node:events'
import { createInterface } from 'node:readline/promises'
import { isDeepStrictEqual } from 'node:util'
import { OPERATIONS } from '../control/operations/all.ts'
import { carryOutPlan, toAgreement } from '../control/operations/carry-out.ts'
import {
  type ChangedEnvironment,
  type Operation,
  PartlyDone,
  type Project,
  type Undo,
} from '../control/operations/operation.ts'
import { type Fields, type Filter, flagField } from '../control/questions/field.ts'
import { openBulkPublisher } from '../control/recordings/bulk-publisher.ts'
import { quoteWord } from '../lib/support/escape-text.ts'
import { type CommandValue, environment, JSON_OPTION, toFlag } from './command.ts'
import { isArgument } from './declare.ts'
import { CliFailure, StoppedByUser, usageFailure } from './failure.ts'
import { resolveOperator } from './operator.ts'
import { showLineLater } from './output/progress.ts'
import { escapeText } from './output/text-width.ts'
import { createProject } from './recomputation/project.ts'
import { withEnvironment } from './servers/environment.ts'
import { resolveConfig } from './servers/settings.ts'
import type { Terminal } from './terminal.ts'

/** Options of operations. */
const OWN = {
  dryRun: flagField('show what would happen, without changing anything'),
  yes: flagField('do not ask for confirmation'),
  json: JSON_OPTION,
  env: environment('to change'),
}

type Protocol = Pick<Filter<typeof OWN>, 'dryRun' | 'json'>

/** Returns the command that carries out an operation. @param words words of the command */
export function toCommand<Of extends Fields, Plan, Result>(
  words: string,
  operation: Operation<Of, Plan, Result>,
): CommandValue {
  const { about, more, fields, rules = {}, asks, mayBeFirst } = operation
  return {
    about,
    more,
    ...rules,
    fields: { ...fields, dryRun: OWN.dryRun, ...(asks && { yes: OWN.yes }), json: OWN.json, env: OWN.env },
    async run(read, terminal) {
      const { yes, dryRun, json, env } = read(OWN)
      const request = read(fields)
      const isAsked = asks !== null && !yes && !dryRun
      if (isAsked) requireTerminal(terminal)
      const config = resolveConfig(terminal, env)
      const project = createProject(terminal, config.env)
      const protocol = { dryRun, json }
      const use = (environment: ChangedEnvironment) =>
        new OperationRun(words, operation, { environment, project, terminal, protocol, isAsked }).run(request)
      await withEnvironment(config, use, !mayBeFirst)
    },
  }
}

/** Surroundings of an operation that a command runs. */
interface Surroundings {
  readonly environment: ChangedEnvironment
  readonly project: Project
  readonly terminal: Terminal
  readonly protocol: Protocol
  /** True if the person must answer the question. */
  readonly isAsked: boolean
}

const NOTHING_CHANGED = 'Stopped before anything was changed.'

/** Run of an operation: it shows the plan, asks, carries it out, and shows the result. */
class OperationRun<Of extends Fields, Plan, Result> {
  readonly #words: string
  readonly #operation: Operation<Of, Plan, Result>
  readonly #in: Surroundings

  constructor(words: string, operation: Operation<Of, Plan, Result>, surroundings: Surroundings) {
    this.#words = words
    this.#operation = operation
    this.#in = surroundings
  }

  /** @throws Failure if something was not done that was wanted */
  async run(request: Filter<Of>): Promise<void> {
    const { asks, isEmpty, describe, describeRest, afterStop } = this.#operation
    const { environment, terminal, protocol, isAsked } = this.#in
    const planning = { request, nowMs: environment.nowMs() }
    let plan: Plan
    let isOver: boolean
    for (;;) {
      plan = await this.#plan(planning, true)
      if (asks || protocol.dryRun) this.#say(describe(plan))
      isOver = protocol.dryRun || isEmpty?.(plan) === true
      if (isOver || !asks || !isAsked) break
      await confirm(asks(plan), terminal)
      // Others can change things while the person answers.
      const agreed = toAgreement(this.#operation, plan)
      plan = await this.#plan(planning, false)
      if (isDeepStrictEqual(toAgreement(this.#operation, plan), agreed)) break
      this.#say(['The plan has changed meanwhile:'])
    }
    if (isOver) this.#print(plan, null)
    const result = isOver ? null : await this.#carryOut(plan)
    const rest = describeRest?.(plan, result)
    // A stopped operation has already said what is left, and its exit status is set elsewhere.
    const isStopped = terminal.stop.aborted && afterStop !== undefined
    if (rest !== undefined && !isStopped) throw new CliFailure(rest)
  }

  async #plan(
    { request, nowMs }: { readonly request: Filter<Of>; readonly nowMs: number },
    isCounted: boolean,
  ): Promise<Plan> {
    const { environment, project, terminal, protocol } = this.#in
    const { stop } = terminal
    const { showProgress, hide } = createDisplay(terminal)
    const trial = protocol.dryRun ? { trial: { showProgress } } : {}
    const planning = { project, stop, nowMs, isCounted, ...trial }
    const planned = this.#operation.plan(environment, request, planning).finally(hide)
    const plan = await planned.catch(error => {
      throw stop.aborted && error === stop.reason ? new StoppedByUser(NOTHING_CHANGED) : error
    })
    if (stop.aborted) throw new StoppedByUser(NOTHING_CHANGED)
    return plan
  }

  /** Carries out a plan and shows its result, also that of a part. @throws the error that ended it */
  async #carryOut(plan: Plan): Promise<Result> {
    const { environment, project, terminal } = this.#in
    const { stop, stderr } = terminal
    const by = await resolveOperator(environment.config)
    const { showProgress, hide } = createDisplay(terminal)
    const openPublisher = () => openBulkPublisher(environment.connections)
    const running = { project, by, id: environment.newId(), stop, showProgress, openPublisher }
    if (this.#operation.afterStop)
      stderr.write(`Operation ${running.id}, begun at ${new Date(environment.nowMs()).toISOString()}\n`)
    try {
      const done = carryOutPlan(this.#words, this.#operation, environment, plan, running)
      const result = await done.finally(hide)
      await this.#showResult(plan, result, stop.aborted)
      return result
    } catch (error) {
      if (!(error instanceof PartlyDone)) throw error
      await this.#showResult(plan, error.result, error.isStopped)
      throw error.cause
    }
  }

  async #showResult(plan: Plan, result: Result, isStopped: boolean): Promise<void> {
    const { describeResult, undo, afterStop } = this.#operation
    const { environment, terminal } = this.#in
    this.#print(plan, result)
    this.#say(describeResult(result, plan))
    const undone = undo?.(result, plan)
    if (undone) this.#say([`Undo: ${await formatUndo(undone, environment.config.env)}`])
    if (isStopped && afterStop) terminal.stderr.write(`Stopped. ${afterStop(plan)}\n`)
  }

  #print(plan: Plan, result: Result | null): void {
    const { protocol, terminal } = this.#in
    const document = { plan: this.#operation.toDocument?.(plan) ?? plan, result }
    if (protocol.json) terminal.stdout.write(`${JSON.stringify(document, null, 2)}\n`)
  }

  /** Writes lines for people. With `--json`, standard output has only the document. */
  #say(lines: readonly string[]): void {
    const { protocol, terminal } = this.#in
    const { stdout, stderr } = terminal
    for (const line of lines) (protocol.json ? stderr : stdout).write(`${escapeText(line)}\n`)
  }
}

/** Returns a display of one line about the progress. */
function createDisplay(terminal: Terminal) {
  let end = () => {}
  const hide = () => end()
  const showProgress = (line: () => string) => {
    end()
    end = showLineLater(terminal, line)
  }
  return { showProgress, hide }
}

/** Returns the command that takes an operation back. */
async function formatUndo({ action, request }: Undo, env: string): Promise<string> {
  const { fields = {} } = (await OPERATIONS[action]?.load()) ?? {}
  const words = Object.entries(request).flatMap(([name, texts]) => {
    const field = fields[name]
    if (field?.form.type === 'flag') return [toFlag(name)]
    return [texts]
      .flat()
      .flatMap(text => [...(field && isArgument(field) ? [] : [toFlag(name)]), quoteWord(text)])
  })
  return ['sluice', action, ...words, '--env', quoteWord(env)].join(' ')
}

/**
 * Asks for confirmation before an irreversible action.
 *
 * @throws CliFailure if the user does not confirm, or if the input is not interactive
 */
export async function confirm(question: string, terminal: Terminal): Promise<void> {
  requireTerminal(terminal)
  const { stdin, stderr, stop } = terminal
  const lines = createInterface({ input: stdin, output: stderr })
  try {
    // If the input ends, the answer is empty, which does not confirm.
    const ended = once(lines, 'close').then(() => '')
    const answer = await Promise.race([lines.question(`${question} [y/N] `, { signal: stop }), ended])
    if (/^y(es)?$/i.test(answer.trim())) return
  } catch (error) {
    // A terminal in raw mode takes Ctrl-C as a key, so that no signal comes.
    if ((error as Error).name !== 'AbortError') throw error
    stderr.write('\n')
    throw new StoppedByUser('Nothing was changed.')
  } finally {
    lines.close()
  }
  throw new CliFailure('Nothing was changed.')
}

/** Checks that there is a terminal to confirm on. @throws OperationFailure that names the options with which a command does not ask */
function requireTerminal({ stdin }: Pick<Terminal, 'stdin'>): void {
  if (stdin.isTTY) return
  throw usageFailure('Nothing was changed: there is no terminal to confirm on, so add --yes, or --dry-run.')
}

/** Compares the state of a consumer with the state that results from its log. */

import { omitUndefined } from '#runtime/consumer'
import { MemoryStateStore } from '#runtime/operating/replay'
import { computeBeginning, verify } from '#runtime/operating/verify'
import type { Decision } from '#runtime/pipeline'
import { readFunctions } from '../../control/environment/function-entries.ts'
import { prepareJob } from '../../control/operations/recomputing/job.ts'
import { resolveSignal } from '../../control/operations/state-keys.ts'
import { readEmittedRanges } from '../../control/queries/kafka/emitted-ranges.ts'
import { ERASURE_REASON } from '../../lib/app/application.ts'
import type { Named } from '../../lib/app/naming/names.ts'
import { computeSum } from '../../lib/support/count.ts'
import { Failure } from '../../lib/support/failure.ts'
import { CliFailure } from '../failure.ts'
import { showProgress } from '../output/progress.ts'
import { createProject, toComparisonFailure } from '../recomputation/project.ts'
import { withEnvironment } from '../servers/environment.ts'
import { resolveConfig } from '../servers/settings.ts'
import { printReport, type Terminal } from '../terminal.ts'
import { formatMetric, formatVerified, type RecordPosition, type VerifyReport } from './text.ts'

export interface VerifyOptions {
  readonly topic?: string
  readonly partition?: number
  readonly all: boolean
  readonly metric: boolean
  readonly json: boolean
  readonly env?: string
}

/**
 * Compares a consumer with its log.
 *
 * @throws CliFailure with status 1 if there are differences, and with status 3 if the consumer cannot be compared
 * @throws ConfigError
 */
export async function verifyConsumer(
  name: string,
  options: VerifyOptions,
  terminal: Terminal,
): Promise<void> {
  const { json, metric, all } = options
  const report = await buildReport(name, options, terminal).catch(error => {
    const failure = toComparisonFailure(error, terminal)
    if (!(failure instanceof Failure) || failure.isUsage) throw failure
    throw new CliFailure(failure.message, 3, { cause: error })
  })
  const { stdout, stderr } = terminal
  if (metric) stdout.write(formatMetric(report, Date.now()))
  const formatReport = (shown: VerifyReport, columns: number | undefined) =>
    formatVerified(shown, all, columns)
  printReport(metric ? { ...terminal, stdout: stderr } : terminal, report, json, formatReport)
  const { differences, states, notComparable, excepted } = report
  if (differences.length > 0) throw new CliFailure(`${name} differs from its log.`, 1)
  const doubts = (excepted['other-code'] ?? 0) + (excepted.replaced ?? 0) + (excepted.expired ?? 0)
  if (doubts > 0 || (states === 0 && notComparable > 0))
    throw new CliFailure('The comparison is incomplete.', 3)
}

async function buildReport(name: string, options: VerifyOptions, terminal: Terminal): Promise<VerifyReport> {
  const config = resolveConfig(terminal, options.env)
  const { partition } = options
  return withEnvironment(config, async environment => {
    const topic = config.names.topicName(
      resolveSignal(environment.functions, name, options.topic),
      config.env,
    )
    const selection = { consumer: name, topic, ...omitUndefined({ partition }) }
    const found = await prepareJob(environment, createProject(terminal, options.env), selection)
    const partitions = found.partitions.map(({ state, facts }) => {
      const logStart = found.reach.bounds[state.partition]?.start ?? 0
      return {
        stateKey: state,
        beginning: computeBeginning(facts, logStart),
        end: facts.version.appliedOffset + 1,
      }
    })
    const total = computeSum(partitions.map(({ beginning, end }) => Math.max(0, end - beginning.offset)))
    const erasures: RecordPosition[] = []
    const onDecisions = (partition: number, decisions: readonly Decision[]) => {
      for (const { outcome, reason, offset } of decisions)
        if (outcome === 'ignored' && reason === ERASURE_REASON) erasures.push({ partition, offset })
    }
    let read = 0
    const { onProgress, hide } = showProgress(terminal, 'records')
    const onRead = (records: number) => {
      read += records
      onProgress(read, total)
    }
    const offsets = await environment.offsets()
    try {
      const verified = await verify(
        {
          ...found,
          memory: () => new MemoryStateStore(found.skipped),
          stop: terminal.stop,
          onDecisions,
          onRead,
        },
        partitions,
        {
          own: partition === undefined ? listOwnTopics(name, config) : [],
          ranges: topics => readEmittedRanges(offsets, topics),
        },
      )
      return { env: config.env, consumer: name, topic, ...verified, erasures }
    } finally {
      hide()
    }
  })
}

/** Returns the topics to which only this consumer writes. Redriven records are ignored, because they repeat earlier records. */
function listOwnTopics(name: string, { env, names }: Named): string[] {
  const functions = readFunctions()
  const others = functions.filter(
    entry => entry.name !== name && entry.consumes.length > 0 && entry.name !== 'dlq-router',
  )
  const shared = new Set(others.flatMap(({ emits }) => emits))
  const own = functions.find(entry => entry.name === name)?.emits ?? []
  return own.filter(signal => !shared.has(signal)).map(signal => names.topicName(signal, env))
}

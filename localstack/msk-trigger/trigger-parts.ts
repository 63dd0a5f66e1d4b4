import type { KafkaConfig } from 'kafkajs'
import type { Mapping } from './config/mappings.ts'
import type { Settings } from './config/settings.ts'
import type { FunctionInvoker } from './invoke/function-invoker.ts'
import type { WriteReport } from './report/reports.ts'
import type { Log } from './support/framework.ts'

/** What a program hands in that has event sources. */
export interface TriggerParts {
  readonly mappings: readonly Mapping[]
  readonly settings: Settings
  readonly log: Log
  /** Runs the functions. It is closed when the trigger stops. */
  readonly invoker: FunctionInvoker
  /** Receives reports about what keeps event sources from making progress. */
  readonly report?: WriteReport
  /** How clients reach the brokers and sign in there, where the settings do not say it. */
  readonly access?: { readonly options: Partial<KafkaConfig>; ready(): Promise<void> }
  /** Prepares what the functions need; reading begins after that. Must not reject. */
  readonly prepare?: () => Promise<void>
  /** False where the program itself stops the trigger when a signal arrives. */
  readonly handlesSignals?: boolean
}

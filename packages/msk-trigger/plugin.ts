import { relative } from 'node:path'
import process from 'node:process'
import { unusedClusters } from './config/clusters.ts'
import { extendEventSchemas } from './config/event-schema.ts'
import { findCloudFaults, kafkaEvents } from './config/event-settings.ts'
import { type Mapping, readMappings, type ServiceFacts } from './config/mappings.ts'
import { resourceContext } from './config/resources.ts'
import { readSettings, type Settings } from './config/settings.ts'
import { cloudWarnings } from './config/warnings.ts'
import { functionFacts, LAMBDA_ZONE } from './invoke/function-facts.ts'
import { HandlerWatch } from './invoke/handler-watch.ts'
import { Invoker } from './invoke/invoker.ts'
import { localGaps } from './invoke/local-gaps.ts'
import { frameworkRuntimes, isRun } from './invoke/runtimes/framework-runtimes.ts'
import { followOffline } from './offline.ts'
import { announceResponseType } from './package/response-type.ts'
import { lostMappings, writeMappings } from './package/template.ts'
import { writeReportsTo } from './report/reports.ts'
import { isObject } from './support/config-values.ts'
import { safeLog } from './support/safe-log.ts'
import {
  ConfigurationError,
  type FunctionDefinition,
  type Log,
  type Serverless,
} from './support/serverless.ts'
import { untilIdle } from './support/wait.ts'
import { Trigger } from './trigger.ts'

/** Time from the request to stop after which a process that does nothing any more is ended, in milliseconds. */
const END_MS = 4_500
/** Time after which it is ended although it computes, in milliseconds. */
const LATEST_END_MS = 30_000

/**
 * Serverless Framework plugin with a Kafka trigger for `serverless offline`, and additional settings for the framework's `msk` and
 * `kafka` events.
 */
export default class MskTriggerPlugin {
  readonly hooks: Readonly<Record<string, () => unknown>>
  /**
   * Built module of `invoke/runtimes/node/worker.ts`. Loading the TypeScript source would cost 10 MiB and 70 ms more in each
   * thread.
   */
  threadModule: URL | undefined
  readonly #serverless: Serverless
  readonly #cliOptions: Readonly<Record<string, unknown>>
  readonly #log: Log
  /** Mappings and settings, which are read once all plugins are initialized. */
  #prepared: { readonly mappings: readonly Mapping[]; readonly settings: Settings } | undefined
  #trigger: Trigger | undefined
  #idle: Promise<void> | undefined
  #invoker: Invoker | undefined
  /** Closed once a plugin announces its builds. */
  readonly #watch = new HandlerWatch(file => {
    const name = relative(this.#serverless.config.servicePath, file)
    this.#log.notice(`msk  ${name} has changed: loading the handlers again`)
    void this.#invoker?.replaceInstances()
  })

  constructor(serverless: Serverless, cliOptions: Readonly<Record<string, unknown>>, { log }: { log: Log }) {
    this.#serverless = serverless
    this.#cliOptions = cliOptions
    this.#log = safeLog(log)
    extendEventSchemas(serverless.configSchemaHandler)
    this.hooks = {
      initialize: this.#guard(() => announceResponseType(this.#functions(), this.#log)),
      'before:package:cleanup': this.#guard(() => {
        const faults = findCloudFaults(kafkaEvents(this.#functions()))
        if (faults.length > 0) throw new ConfigurationError(faults.join('\n'))
        this.#warn()
        // Only a deployment loses them: offline, all events are read.
        const { naming } = serverless.getProvider('aws')
        for (const line of lostMappings(this.#functions(), naming)) this.#log.warning(`msk  ${line}`)
      }),
      'after:package:compileEvents': this.#guard(() => this.#writeTemplate()),
      'before:offline:start': this.#guard(() => {
        this.#prepare()
        const isFollowed = followOffline(serverless.pluginManager.getPlugins(), {
          start: this.#guard(() => this.#run()),
          stop: skipExit => this.#stop(skipExit),
        })
        if (!isFollowed) this.#run()
      }),
      'before:offline:start:init': this.#guard(() => this.#prepare()),
      'offline:start:init': this.#guard(() => this.#run()),
      'before:offline:start:end': () => this.#stop(),
      // Hook that bundlers trigger after a build.
      'offline:functionsUpdated:cleanup': () => this.replaceInstances(),
    }
  }

  /**
   * Makes the next invocations of these functions (by default, of all functions) load their code again. Running invocations finish
   * with the old code. For use by bundlers.
   */
  async replaceInstances(functionKeys?: Iterable<string>): Promise<void> {
    this.#watch.close()
    await this.#invoker?.replaceInstances(functionKeys)
  }

  /**
   * Reads the events that the functions have now. New ones are read from now on, and those that are gone no longer. For use by plugins
   * that change the events of functions while they run.
   *
   * @throws ConfigurationError for an invalid event; what was read before is then still read
   */
  async updateEvents(): Promise<void> {
    const settings = readSettings(this.#custom(), process.env)
    await this.#trigger?.update({
      mappings: readMappings(this.#runFunctions(), this.#facts(), settings),
      settings,
    })
  }

  /** Reads the configuration, so that errors are reported before functions are built or started. */
  #prepare(): void {
    this.#warn()
    const functions = this.#functions()
    if (kafkaEvents(functions).next().done) {
      this.#log.notice('msk  no function has an msk or kafka event: there is nothing to read')
      return
    }
    const settings = readSettings(this.#custom(), process.env)
    const mappings = readMappings(this.#runFunctions(this.#log), this.#facts(), settings)
    if (mappings.length === 0) {
      this.#log.notice(
        'msk  no msk or kafka event that can be read here is enabled: there is nothing to read',
      )
      return
    }
    // As in Lambda. A thread has the time zone of its process.
    process.env.TZ ||= LAMBDA_ZONE
    const options = this.#offlineOptions()
    const keys = new Set(mappings.map(({ functionKey }) => functionKey))
    const warnings = [
      ...findCloudFaults(kafkaEvents(functions)).map(
        fault => `${fault}. It is for the cloud only: package refuses it`,
      ),
      ...unusedClusters(mappings, settings.clusters),
      ...localGaps(this.#serverless, options, [...keys]),
    ]
    for (const line of warnings) this.#log.warning(`msk  ${line}`)
    if (options.useDocker)
      throw new ConfigurationError('the option useDocker is not supported for functions that read Kafka')
    this.#prepared = { mappings, settings }
  }

  /**
   * Starts reading after all plugins have handled `before:offline:start`, because bundlers set the location of their output in that
   * hook.
   */
  #run(): void {
    if (!this.#prepared) return
    const log = this.#log
    const report = writeReportsTo(this.#prepared.settings.reports, log)
    const options = this.#offlineOptions()
    const runtimes = frameworkRuntimes(this.#serverless, options, this.threadModule)
    for (const { functionKey } of this.#prepared.mappings)
      this.#watch.add(functionFacts(this.#serverless, options, functionKey))
    this.#invoker = new Invoker(runtimes, log, report)
    this.#trigger = new Trigger({ ...this.#prepared, log, report, invoker: this.#invoker })
    this.#prepared = undefined
    this.#trigger.start()
  }

  /**
   * Stops the trigger, which has time for its commits. Ends the process if nothing works any more, and it is still there.
   *
   * @param goesOn true if the process is to go on without functions
   */
  async #stop(goesOn = false): Promise<void> {
    const requestedMs = performance.now()
    await this.#trigger?.stop()
    if (goesOn) return
    this.#idle ??= untilIdle(requestedMs + END_MS - performance.now(), LATEST_END_MS).then(() => {
      this.#log.warning(
        'msk  stopping takes too long, as with a handler in a command of execSync: the process ends now',
      )
      // `process.exit` would wait for its thread.
      process.removeAllListeners('SIGINT').kill(process.pid, 'SIGINT')
    })
    await this.#invoker?.close()
  }

  #writeTemplate(): void {
    const template = this.#serverless.service.provider.compiledCloudFormationTemplate
    if (!template) return
    const { naming } = this.#serverless.getProvider('aws')
    writeMappings(this.#functions(), template, naming, resourceContext(this.#serverless))
  }

  /**
   * Logs warnings about settings that will not work in the cloud, before a deployment and at every start.
   */
  #warn(): void {
    const functions = this.#functions()
    const { timeout } = this.#serverless.service.provider
    const facts = {
      nowMs: Date.now(),
      resources: resourceContext(this.#serverless),
      ...(timeout !== undefined && { timeout }),
    }
    for (const line of cloudWarnings(functions, facts)) this.#log.warning(`msk  ${line}`)
  }

  #facts(): ServiceFacts {
    const { service } = this.#serverless
    return {
      ...resourceContext(this.#serverless),
      service: service.service,
      stage: this.#serverless.getProvider('aws').getStage(),
      ...(service.provider.timeout !== undefined && { timeout: service.provider.timeout }),
    }
  }

  #custom(): unknown {
    return this.#serverless.service.custom?.mskTrigger
  }

  /** Returns the functions without those whose handlers are not run here. @param log receives a line for each of them */
  #runFunctions(log?: Pick<Log, 'warning'>): Record<string, FunctionDefinition> {
    const { runtime = 'nodejs' } = this.#serverless.service.provider
    const run = Object.entries(this.#functions()).filter(([key, definition]) => {
      const { image, runtime: own = runtime } = definition
      if (!image && isRun(own)) return true
      const what = image ? 'is a container image' : `has the runtime ${own}`
      if (!kafkaEvents({ [key]: definition }).next().done)
        log?.warning(
          `msk  function "${key}" ${what}: it is left out, because the Kafka trigger runs nodejs, python, ruby and java only`,
        )
      return false
    })
    return Object.fromEntries(run)
  }

  #functions(): Record<string, FunctionDefinition> {
    const { service } = this.#serverless
    return Object.fromEntries(service.getAllFunctions().map(key => [key, service.getFunction(key)]))
  }

  /**
   * Returns the options of serverless-offline, merged in the same way as serverless-offline does. Its defaults that concern only
   * HTTP are omitted.
   */
  #offlineOptions(): Record<string, unknown> {
    const custom = this.#serverless.service.custom?.['serverless-offline']
    return { layersDir: null, localLayers: {}, ...(isObject(custom) && custom), ...this.#cliOptions }
  }

  /**
   * Wraps a hook. Configuration errors become errors of the framework, which are shown as a message; all others are shown as a
   * crash.
   */
  #guard(hook: () => void): () => void {
    return () => {
      try {
        hook()
      } catch (error) {
        if (!(error instanceof ConfigurationError)) throw error
        throw new this.#serverless.classes.Error(error.message, 'MSK_TRIGGER_CONFIGURATION')
      }
    }
  }
}

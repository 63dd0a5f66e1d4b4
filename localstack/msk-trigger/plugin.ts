import process from 'node:process'
import { extendEventSchemas } from './config/event-schema.ts'
import { kafkaEvents } from './config/event-settings.ts'
import { readMappings } from './config/mappings.ts'
import { readSettings } from './config/settings.ts'
import { cloudWarnings } from './config/warnings.ts'
import { addPermissions } from './package/permissions.ts'
import { announceResponseType } from './package/response-type.ts'
import { writeMappings } from './package/template.ts'
import {
  ConfigurationError,
  type FunctionDefinition,
  type Log,
  type Serverless,
} from './support/framework.ts'
import { isObject } from './support/values.ts'
import { Trigger } from './trigger.ts'

/**
 * The plugin. It gives `serverless offline` a Kafka trigger, and the framework's `msk` and `kafka` events the settings
 * that they lack, locally and in the packaged template.
 */
export default class MskTriggerPlugin {
  readonly hooks: Readonly<Record<string, () => unknown>>
  readonly #serverless: Serverless
  readonly #cliOptions: Readonly<Record<string, unknown>>
  readonly #log: Log
  #trigger: Trigger | undefined

  constructor(serverless: Serverless, cliOptions: Readonly<Record<string, unknown>>, { log }: { log: Log }) {
    this.#serverless = serverless
    this.#cliOptions = cliOptions
    this.#log = log
    extendEventSchemas(serverless.configSchemaHandler)
    this.hooks = {
      initialize: this.#guard(() => announceResponseType(this.#functions(), log)),
      'before:package:compileEvents': this.#guard(() => this.#warn()),
      'after:package:compileEvents': this.#guard(() => this.#writeTemplate()),
      'before:offline:start': this.#guard(() => {
        this.#start()
        this.#stopBeforeOfflineEnds()
      }),
      'before:offline:start:init': this.#guard(() => this.#start()),
      'before:offline:start:end': () => this.#trigger?.stop(),
      // Bundlers announce this after a build.
      'offline:functionsUpdated:cleanup': () => this.replaceInstances(),
    }
  }

  /**
   * Makes the next invocations of these functions, or of all, load them again, from the handler that their definition
   * names by then. Running invocations finish on the old code. The event sources continue: no group is left and no
   * record repeated. For plugins that build functions; `offline:functionsUpdated` does the same for all functions.
   */
  async replaceInstances(functionKeys?: Iterable<string>): Promise<void> {
    await this.#trigger?.replaceInstances(functionKeys)
  }

  #start(): void {
    const { service, getProvider } = this.#serverless
    const provider = getProvider.call(this.#serverless, 'aws')
    const functions = this.#functions()
    if (kafkaEvents(functions).next().done) return
    this.#warn()
    const settings = readSettings(service.custom?.mskTrigger, process.env)
    const facts = {
      service: service.service,
      stage: provider.getStage(),
      region: provider.getRegion(),
      ...(service.provider.timeout !== undefined && { timeout: service.provider.timeout }),
      ...(service.resources?.Resources && { resources: service.resources.Resources }),
    }
    const mappings = readMappings(functions, facts, settings)
    if (mappings.length === 0) return
    this.#trigger = new Trigger(this.#serverless, this.#offlineOptions(), {
      mappings,
      settings,
      log: this.#log,
    })
    this.#trigger.start()
  }

  /**
   * Plain `serverless offline` has no hook for its end: on SIGINT or SIGTERM it calls its own `end`, which exits.
   * `serverless offline start` has such a hook, and calls `end` through a reference that it took earlier.
   */
  #stopBeforeOfflineEnds(): void {
    const plugins = this.#serverless.pluginManager.getPlugins()
    const offline = plugins.find(plugin => plugin.constructor.name === 'ServerlessOffline') as
      | Offline
      | undefined
    if (!offline) return
    const end = offline.end.bind(offline)
    offline.end = async (...args) => {
      await this.#trigger?.stop()
      await end(...args)
    }
  }

  #writeTemplate(): void {
    const template = this.#serverless.service.provider.compiledCloudFormationTemplate
    if (!template) return
    writeMappings(this.#functions(), template, this.#serverless.getProvider('aws').naming)
    addPermissions(this.#functions(), template)
  }

  /** Logs the warnings about the cloud, before a deployment and at every start. */
  #warn(): void {
    for (const line of cloudWarnings(this.#functions(), this.#serverless.service.provider)) {
      this.#log.warning(`msk  ${line}`)
    }
  }

  #functions(): Record<string, FunctionDefinition> {
    const { service } = this.#serverless
    return Object.fromEntries(service.getAllFunctions().map(key => [key, service.getFunction(key)]))
  }

  /** The options of serverless-offline, merged as it does itself. Its other defaults concern HTTP. */
  #offlineOptions(): Record<string, unknown> {
    const custom = this.#serverless.service.custom?.['serverless-offline']
    return { layersDir: null, localLayers: {}, ...(isObject(custom) && custom), ...this.#cliOptions }
  }

  /** The framework shows its own errors as a message, and all others as a crash. */
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

interface Offline {
  end(skipExit?: boolean): Promise<void>
}

/** Serverless Framework plugin that adds a custom resource for topics to the template. */

import { resolve } from 'node:path'
import { readFunctions } from '../../control/environment/function-entries.ts'
import type { FunctionKeys } from '../../control/environment/functions.ts'
import { NAMES, readSettings } from '../../lib/app/settings/index.ts'
import { type PlaceInput, readPlace } from '../place/place.ts'
import { addTopicsResource, type Template } from './topics-resource.ts'

/** Parts of the Serverless Framework that this plugin uses. */
interface Framework {
  readonly serviceDir: string
  readonly service: {
    readonly provider: { readonly compiledCloudFormationTemplate: Template }
    readonly package: { readonly artifactDirectoryName?: string }
    readonly custom: { readonly deployment: PlaceInput }
    readonly functions: Readonly<Record<string, FunctionKeys>>
  }
  getProvider(name: 'aws'): { readonly naming: { getLambdaLogicalId(name: string): string } }
}

export default class TopicsPlugin {
  readonly hooks: Readonly<Record<string, () => void>>
  readonly #framework: Framework

  constructor(framework: Framework) {
    this.#framework = framework
    // After this hook, the template is complete: roles, queues and alarms are merged last.
    this.hooks = { 'after:aws:package:finalize:mergeCustomProviderResources': () => this.#add() }
  }

  #add(): void {
    const { service, serviceDir } = this.#framework
    const declared = readFunctions(resolve(serviceDir, 'serverless.yml'))
    const { naming } = this.#framework.getProvider('aws')
    const { env, inputs } = readPlace(service.custom.deployment)
    addTopicsResource(service.provider.compiledCloudFormationTemplate, {
      env,
      ...readSettings([NAMES]),
      inputs,
      functions: declared.filter(({ name }) => Object.hasOwn(service.functions, name)),
      logicalId: name => naming.getLambdaLogicalId(name),
      packagedAtMs: parsePackagingTime(service.package.artifactDirectoryName),
    })
  }
}

/**
 * Returns the time of packaging, in epoch milliseconds, from the name of the Serverless Framework's deployment folder, such as
 * `serverless/sluice/prod/1700000000000-2023-11-14T22:13:20.000Z`.
 *
 * @throws Error if the name has another form
 */
export function parsePackagingTime(folder: string | undefined): number {
  const [, ms] = /\/(\d+)-[^/]*$/.exec(folder ?? '') ?? []
  if (ms === undefined) throw new Error(`the name of the artifacts folder does not contain a time: ${folder}`)
  return Number(ms)
}

/** Serverless Framework plugin that adds the tables of history to the template of the functions. */
import { historyResources } from './history/glue.ts'
import type { Template } from './topics-resource.ts'

/** Parts of the Serverless Framework that this plugin uses. */
interface Framework {
  readonly service: {
    readonly provider: { readonly compiledCloudFormationTemplate: Template }
    readonly custom: { readonly deployment: Parameters<typeof historyResources>[0] }
  }
}

export default class HistoryPlugin {
  readonly hooks: Readonly<Record<string, () => void>>

  constructor({ service }: Framework) {
    this.hooks = {
      'after:aws:package:finalize:mergeCustomProviderResources': () =>
        void Object.assign(
          service.provider.compiledCloudFormationTemplate.Resources,
          historyResources(service.custom.deployment),
        ),
    }
  }
}

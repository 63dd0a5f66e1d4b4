/**
 * Serverless Framework plugin that converts the function entries in serverless.yml to the framework's own fields, and creates an
 * IAM role for each function. List it before all other plugins that read functions. The framework first validates the original
 * entries against the schema that this plugin defines, and then calls the `initialize` hooks in the order of the list.
 */

import { type FunctionKeys, parseFunctions } from '../../control/environment/functions.ts'
import { NAMES, readSettings } from '../../lib/app/settings/index.ts'
import { findEntryProblems } from '../checks/function-entries.ts'
import { findSourceProblems } from '../checks/input-sources.ts'
import { findEventProblems } from '../checks/kafka-events.ts'
import { buildEntrySchema } from '../functions/entry-schema.ts'
import { expandFields, isDeployed } from '../functions/expanded-fields.ts'
import { type PlaceInput, readPlace } from '../place/place.ts'
import { buildRoles, toRoleId } from '../roles/roles.ts'

/**
 * A function as the Serverless Framework represents it when it calls `initialize`. The framework has added the name and the list of
 * events.
 */
interface Definition extends FunctionKeys {
  readonly name?: string
  readonly package?: object
  readonly environment?: object
  readonly events?: readonly object[]
}

interface Resources {
  readonly Resources?: Readonly<Record<string, object>>
}

/** Parts of the Serverless Framework that this plugin uses. */
interface Framework {
  /** Configuration shown by `serverless print`. */
  readonly configurationInput: { resources?: Resources }
  readonly service: {
    readonly custom: { readonly deployment: PlaceInput }
    readonly functions: Record<string, Definition>
    resources?: Resources
  }
  readonly configSchemaHandler: { defineFunctionProperties(provider: 'aws', schema: object): void }
  readonly classes: { readonly Error: new (message: string, code: string) => Error }
  getProvider(name: 'aws'): { getStage(): string }
}

const OWN_KEYS: ReadonlySet<string> = new Set(Object.keys(buildEntrySchema().properties))

export default class FunctionsPlugin {
  readonly hooks: Readonly<Record<string, () => void>>
  readonly #framework: Framework

  constructor(framework: Framework) {
    this.#framework = framework
    this.hooks = { initialize: () => this.#expand() }
    framework.configSchemaHandler.defineFunctionProperties('aws', buildEntrySchema())
  }

  #expand(): void {
    const { service, configurationInput } = this.#framework
    const place = { ...readPlace(service.custom.deployment), ...readSettings([NAMES]) }
    this.#refuse(findEntryProblems(service.functions, place.inputs))
    const all = parseFunctions(service.functions)
    const declared = all.filter(entry => isDeployed(entry, place))
    for (const { name } of all.filter(entry => !declared.includes(entry))) delete service.functions[name]
    for (const entry of declared)
      service.functions[entry.name] = mergeFields(
        service.functions[entry.name] ?? {},
        expandFields(entry, declared, place),
      )
    const { Resources } = service.resources ?? {}
    this.#refuse(findEventProblems(service.functions, declared, place, Resources))
    const stage = this.#framework.getProvider('aws').getStage()
    const roles = buildRoles(declared, { ...place, stage })
    const measurePolicy = (name: string) => JSON.stringify(roles[toRoleId(name)]).length
    this.#refuse(findSourceProblems(declared, place, measurePolicy))
    service.resources = {
      ...service.resources,
      Resources: { ...service.resources?.Resources, ...roles },
    }
    configurationInput.resources = service.resources
  }

  #refuse(problems: readonly string[]): void {
    if (problems.length === 0) return
    // The Serverless Framework prints only the message for its own error class, and a stack trace for all others.
    throw new this.#framework.classes.Error(problems.join('\n'), 'SLUICE_FUNCTIONS')
  }
}

/** Merges the derived fields into an entry. Framework fields that the entry itself sets take precedence. */
function mergeFields(entry: Definition, expanded: ReturnType<typeof expandFields>): Definition {
  const written = Object.fromEntries(Object.entries(entry).filter(([key]) => !OWN_KEYS.has(key)))
  const environment = { ...expanded.environment, ...entry.environment }
  return {
    ...expanded,
    ...written,
    ...(Object.keys(environment).length > 0 ? { environment } : {}),
    events: [...(entry.events ?? []), ...expanded.events],
  }
}

/** Operation that registers the packaged schemas. */
import { finishByRepeating, operation, PartlyDone } from '../operation.ts'
import {
  type ComparedSchema,
  compareSchemas,
  describeRefused,
  describeSchemas,
  readSchema,
  type SchemaComparison,
  TYPES_FIELD,
  withSubjects,
} from './compare-schemas.ts'

interface Registered {
  readonly registered: { readonly subject: string; readonly id: number }[]
}

export const REGISTER_SCHEMAS = operation({
  about: `Register the packaged schemas that the schema registry does not have.

The command shows the schemas first, as \`sluice schemas check\` does, and asks for confirmation. Schemas that the
registry would refuse are skipped, and the exit status is then 1. Schemas that are already registered are unchanged.`,
  more: `
Examples:
  sluice schemas register
  sluice schemas register environment --env prod --yes`,
  fields: { types: TYPES_FIELD },
  asks: ({ registry }: SchemaComparison) => `Register with ${registry}?`,
  plan: ({ config }, { types }) => compareSchemas(config, types),
  describe: describeSchemas,
  isEmpty: ({ schemas }) => !schemas.some(isDue),
  toAudit: ({ registry, schemas }) => {
    const types = new Set(schemas.filter(isDue).map(({ type }) => type))
    return { registry, types: [...types].join(', ') }
  },
  async carryOut({ config }, { schemas }, { counts, stop }): Promise<Registered> {
    const registered: Registered['registered'] = []
    try {
      await withSubjects(config, async subjects => {
        for (const shipped of schemas.filter(isDue)) {
          if (stop.aborted) return
          const { subject } = shipped
          registered.push({
            subject,
            id: await subjects.register(subject, await readSchema(config, shipped)),
          })
          counts.registered = registered.length
        }
      })
      return { registered }
    } catch (error) {
      throw new PartlyDone<Registered>({ registered }, error)
    }
  },
  describeResult: ({ registered }) => registered.map(({ subject, id }) => `Registered ${subject}: id ${id}`),
  describeRest: describeRefused,
  afterStop: finishByRepeating,
})

function isDue({ status }: ComparedSchema): boolean {
  return status === 'new' || status === 'next version'
}

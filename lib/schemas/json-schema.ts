/** Subset of JSON Schema that event types use. Pure. */
export interface JsonSchema {
  readonly $schema?: string
  readonly $id?: string
  readonly $ref?: string
  readonly $defs?: Readonly<Record<string, JsonSchema>>
  readonly title?: string
  readonly description?: string
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly minLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly propertyNames?: JsonSchema
  readonly additionalProperties?: JsonSchema | boolean
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
  readonly not?: JsonSchema
}

/** Event type with the schema of its data. */
export interface TypeSchema {
  readonly type: string
  readonly schema: JsonSchema
}

/** Schema, and the root schema that contains its `$defs`. */
export interface Located {
  readonly schema: JsonSchema
  readonly root: JsonSchema
}

/** Returns the schema of another event type, by the name of its file without extension. */
export type ReadSchema = (name: string) => JsonSchema

/** Reader for schemas that refer to no other schema. */
export function refuseReferences(name: string): never {
  throw new Error(`the schema must not refer to another one, ${name}`)
}

/** Resolves a reference to `$defs` of the same schema, or to the `$id` of another event type. */
export function resolveReference({ schema, root }: Located, readSchema: ReadSchema): Located {
  const { $ref } = schema
  if ($ref === undefined) return { schema, root }
  const own = /^#\/\$defs\/(.+)$/.exec($ref)?.[1]
  if (own === undefined) {
    const other = readSchema($ref.slice($ref.lastIndexOf('/') + 1).replace(/\.json$/, ''))
    return { schema: other, root: other }
  }
  const found = root.$defs?.[own]
  if (!found) throw new Error(`${root.description}: ${$ref} does not exist`)
  return { schema: found, root }
}

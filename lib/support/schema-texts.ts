/** Looks up the descriptions and keys of values in the JSON Schema of a file. Pure. */
import type { FilePath } from './file-errors.ts'

/** Parts of a JSON Schema that describe values, and those that lead to other values. */
interface SchemaTexts {
  readonly $id?: string
  readonly $ref?: string
  readonly description?: string
  /** True for a key that is refused with its description. */
  readonly deprecated?: boolean
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, SchemaTexts | boolean>>
  readonly additionalProperties?: SchemaTexts | boolean
  readonly propertyNames?: SchemaTexts
  readonly items?: SchemaTexts
  readonly anyOf?: readonly SchemaTexts[]
  readonly oneOf?: readonly SchemaTexts[]
  readonly then?: SchemaTexts
  readonly else?: SchemaTexts
}

interface ValueTexts {
  /** Schemas that apply to the value. */
  readonly nodes: readonly SchemaTexts[]
  /** Keys that the value may have. */
  readonly keys: readonly string[]
  readonly description?: string | undefined
}

/**
 * Returns the texts about a value. The description of the schema with the violated keyword explains the error best; a value without
 * a description is described by the value that contains it.
 *
 * @param schemas schema of the file, and those to which it refers
 * @param keyword violated keyword
 */
export function describeSchema(schemas: readonly object[], path: FilePath, keyword = ''): ValueTexts {
  const all: readonly SchemaTexts[] = schemas
  const [root] = all
  let description: string | undefined
  let nodes: readonly Node[] = root ? expand({ schema: root, root }, all) : []
  for (const part of path) {
    description = findDescription(nodes) ?? description
    nodes = nodes.flatMap(node => enter(node, part)).flatMap(node => expand(node, all))
  }
  const found = nodes.map(({ schema }) => schema)
  return {
    nodes: found,
    keys: [...new Set(found.flatMap(listKeys))],
    description: findDescription(nodes, keyword) ?? findDescription(nodes) ?? description,
  }
}

function listKeys({ properties = {} }: SchemaTexts): string[] {
  return Object.entries(properties).flatMap(([key, value]) =>
    typeof value === 'object' && value.deprecated ? [] : [key],
  )
}

/** Schema, and the document in which its references are resolved. */
interface Node {
  readonly schema: SchemaTexts
  readonly root: SchemaTexts
}

function findDescription(nodes: readonly Node[], keyword?: string): string | undefined {
  const owners = nodes.flatMap(({ schema }) => {
    if (keyword === undefined) return [schema]
    if (keyword === 'propertyNames') return [schema.propertyNames ?? {}]
    return keyword in schema ? [schema] : []
  })
  return owners.find(owner => owner.description !== undefined)?.description
}

/** Returns a schema, followed by the schemas that it refers to, and those of its alternatives. */
function expand(node: Node, all: readonly SchemaTexts[]): readonly Node[] {
  const { schema, root } = node
  const { anyOf = [], oneOf = [], then, else: otherwise } = schema
  const inner = [...anyOf, ...oneOf, then, otherwise].flatMap(value =>
    value ? [{ schema: value, root }] : [],
  )
  const target = schema.$ref === undefined ? [] : resolve(schema.$ref, root, all)
  return [node, ...[...target, ...inner].flatMap(node => expand(node, all))]
}

function resolve(reference: string, from: SchemaTexts, all: readonly SchemaTexts[]): Node[] {
  const [file, pointer = ''] = reference.split('#')
  const root = file ? all.find(({ $id = '' }) => $id.endsWith(`/${file}`)) : from
  const schema = pointer
    .split('/')
    .slice(1)
    .reduce<unknown>((value, part) => (value as Readonly<Record<string, unknown>> | undefined)?.[part], root)
  return root && schema ? [{ schema: schema as SchemaTexts, root }] : []
}

function enter({ schema, root }: Node, part: string | number): Node[] {
  const { properties = {}, additionalProperties, items } = schema
  const own = Object.hasOwn(properties, part) ? properties[part] : additionalProperties
  const next = typeof part === 'number' ? items : own
  return typeof next === 'object' ? [{ schema: next, root }] : []
}

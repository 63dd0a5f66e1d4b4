/** Names that Lambda accepts in an event source mapping. See https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html. */
import { custom } from 'valibot'
import { describeType, hasUpTo, isObject, show, withoutLogin } from '../support/config-values.ts'
import { isIntrinsic } from './resources.ts'
import { mustBe } from './setting-errors.ts'

const ARN = /^arn:aws[a-z\d-]*:([a-z\d-]+):((eusc-)?[a-z]{2}(-gov|-iso[a-z]?)?-[a-z]+-\d)?:(\d{12})?:./

/** Returns the service in an ARN, such as `sqs`; undefined for a text that Lambda does not accept as an ARN. */
export function getService(arn: string): string | undefined {
  return ARN.exec(arn)?.[1]
}

/**
 * Returns the schema of an ARN, or of a reference to its resource.
 *
 * @param what type of the resource, for the error message
 */
export function createArnSchema(service: string, what: string, longest = 10_000) {
  return custom<string | object>(
    value => isObject(value) || (isText(value, longest) && getService(value) === service),
    mustBe(
      `the ARN of ${what}, up to ${longest} characters, like arn:aws:${service}:eu-west-1:123456789012:…`,
    ),
  )
}

/** Matches a bootstrap server. Lambda accepts no underscores in its name, and no IPv6 addresses. */
const SERVER = /^[a-z\d]+(?:(?:-+|\.)[a-z\d]+)*:\d{1,5}$/i
const ADDRESS = 'kafka.example.com:9092'

export const BOOTSTRAP_SERVERS = faultless(value => {
  if (isIntrinsic(value)) return undefined
  if (!Array.isArray(value) || !hasUpTo(10, value))
    return `must be a list of 1 to 10 different addresses like ${ADDRESS}, not ${withoutLogin(show(value))}`
  const wrong = value.find(server => !isIntrinsic(server) && !(isText(server, 300) && SERVER.test(server)))
  if (wrong === undefined) return undefined
  if (String(wrong).length > 300) return `has an address of ${wrong.length} characters: up to 300 are allowed`
  return `has ${withoutLogin(show(wrong))}, which is not an address like ${ADDRESS} (letters, digits, "-" and ".", with a port)`
})

/** The messages do not show values, because a user may have written a password in place of the ARN of its secret. */
export const ACCESS_CONFIGURATIONS = faultless(value => {
  if (!isObject(value)) return `must be a map of lists, not ${describeType(value)}`
  const entries = Object.entries(value).flatMap(([key, values]) => [values].flat().map(name => [key, name]))
  if (entries.length > 23)
    return `must have up to 23 secrets, subnets and security groups, not ${entries.length}`
  for (const [key, name] of entries) {
    if (isIntrinsic(name)) continue
    if (typeof name !== 'string' || name === '') return `must have texts in ${key}, not ${describeType(name)}`
    if (name.length > 200) return `has a text of ${name.length} characters in ${key}: up to 200 are allowed`
    const [character] = /[^\w/*:+=.@-]/.exec(name) ?? []
    if (character !== undefined)
      return `has the character ${show(character)} in ${key}, which is not allowed: use letters, digits and _/*:+=.@-`
  }
  return undefined
})

/** Returns the schema of a value. Its message is the fault that the function returns, and undefined for a valid value. */
function faultless(findFault: (value: unknown) => string | undefined) {
  return custom<unknown>(
    value => findFault(value) === undefined,
    ({ input }) => `${findFault(input)}`,
  )
}

function isText(value: unknown, longest: number): value is string {
  return typeof value === 'string' && value.length <= longest
}

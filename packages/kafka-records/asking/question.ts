/** What differs between one request of the protocol and another. */
export interface Question<Answer> {
  readonly apiKey: number
  /** As the protocol names it. */
  readonly name: string
  /** The versions that are written and read here. */
  readonly versions: readonly number[]
  /** What follows the header of the request. In the flexible form it begins with the header's own tagged fields. */
  encode(version: number): Buffer
  /** @throws Malformed where the answer is cut off */
  decode(bytes: Buffer, version: number): Answer
}

/** Which versions of a request a broker speaks. */
export interface VersionRange {
  readonly minVersion: number
  readonly maxVersion: number
}

/** The newest version that both sides speak; undefined if there is none. */
export function versionFor(
  { versions }: Pick<Question<unknown>, 'versions'>,
  spoken: VersionRange | undefined,
): number | undefined {
  if (!spoken) return undefined
  const { minVersion, maxVersion } = spoken
  const common = versions.filter(version => version >= minVersion && version <= maxVersion)
  return common.length === 0 ? undefined : Math.max(...common)
}

/** Returns the name of a field in Protobuf's JSON mapping, in camel case without underscores, also before digits. Pure. */
export function toProtobufName(name: string): string {
  return name.replace(/_+(.?)/g, (_, letter: string) => letter.toUpperCase())
}

/** Returns the name that Protobuf's JSON mapping gives to a field without `json_name`: `pm2_5` becomes `pm25`. Pure. */
export function toProtobufName(name: string): string {
  return name.replace(/_+(.?)/g, (_, letter: string) => letter.toUpperCase())
}

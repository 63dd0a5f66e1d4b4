/** CloudEvents type → the text of its schema. */
declare const texts: Readonly<Record<string, string>>
export default texts

/** A name as `nameSchema` has it, from what people call a thing: `My Talks` becomes `my-talks`. May be empty. */
export function nameFrom(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '')
    .slice(0, 40)
}

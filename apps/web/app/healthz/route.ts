/** Open to everyone: says that the web server runs, nothing of the API behind it. */
export function GET(): Response {
  return Response.json({ status: 'ok' })
}

// A static server of the page's own files: node server.mjs [PORT]. It is all that the page needs.
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".wasm": "application/wasm" };
const root = fileURLToPath(new URL("..", import.meta.url));

export function serve(port = 0) {
    const server = createServer(async (request, response) => {
        const path = decodeURIComponent(new URL(request.url, "http://localhost").pathname);
        const file = join(root, normalize(path === "/" ? "/index.html" : path));
        const type = TYPES[extname(file)];
        const isFile = type && file.startsWith(root) && (await stat(file).catch(() => null))?.isFile();
        response.writeHead(isFile ? 200 : 404, { "Content-Type": isFile ? type : "text/plain" });
        isFile ? createReadStream(file).pipe(response) : response.end("not found");
    });
    return new Promise((resolve) => server.listen(port, "127.0.0.1", () => resolve(server)));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
    const server = await serve(Number(process.argv[2] ?? 8000));
    console.log(`http://127.0.0.1:${server.address().port}/`);
}

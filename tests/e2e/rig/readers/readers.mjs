// What mailparser (nodemailer) or postal-mime sees of messages: node readers.mjs FOLDER NAME, where FOLDER has node_modules.
// In: the length of a message, a line end, the message. Out: a line of JSON.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [folder, name] = process.argv.slice(2);
const require = createRequire(pathToFileURL(`${folder}/`));
const FIELDS = { from: "From", sender: "Sender", "reply-to": "Reply-To", to: "To", cc: "Cc" };

const flat = (field, list) =>
  (list ?? []).flatMap((one) => (one.group ? [[field, one.name ?? "", ""], ...flat(field, one.group)] : [[field, one.name ?? "", one.address ?? ""]]));

async function mailparser(message) {
  const { simpleParser } = require("mailparser");
  const seen = await simpleParser(message, { skipHtmlToText: true, skipTextToHtml: true, skipTextLinks: true, skipImageLinks: true });
  const values = (key) => [seen.headers.get(key) ?? []].flat().flatMap((one) => one.value ?? []);
  return {
    subject: seen.subject ?? "",
    addresses: Object.entries(FIELDS).flatMap(([key, field]) => flat(field, values(key))),
    texts: [seen.text, seen.html].filter((text) => typeof text === "string"),
    files: seen.attachments.map((one) => one.filename ?? ""),
    structure: seen.attachments.map((one) => one.contentType),
  };
}

async function postalMime(message) {
  const { default: PostalMime } = await import(pathToFileURL(require.resolve("postal-mime")).href);
  const seen = await (PostalMime.default ?? PostalMime).parse(message);
  const { from, sender, replyTo, to, cc } = seen;
  return {
    subject: seen.subject ?? "",
    addresses: Object.entries({ From: [from], Sender: [sender], "Reply-To": replyTo, To: to, Cc: cc })
      .flatMap(([field, list]) => flat(field, (list ?? []).filter(Boolean))),
    texts: [seen.text, seen.html].filter((text) => typeof text === "string"),
    files: seen.attachments.map((one) => one.filename ?? ""),
    structure: seen.attachments.map((one) => one.mimeType),
  };
}

const sees = { mailparser, "postal-mime": postalMime }[name];
let input = Buffer.alloc(0);
for await (const chunk of process.stdin) {
  input = Buffer.concat([input, chunk]);
  for (;;) {
    const end = input.indexOf(10);
    const length = Number(input.subarray(0, Math.max(end, 0)));
    if (end < 0 || input.length < end + 1 + length) break;
    const message = input.subarray(end + 1, end + 1 + length);
    input = input.subarray(end + 1 + length);
    process.stdout.write(`${JSON.stringify(await sees(Buffer.from(message)))}\n`);
  }
}

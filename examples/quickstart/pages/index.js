// Says in the page's bar who is signed in. The page works without it.
const who = document.getElementById("who");

try {
    const answer = await fetch("/api/auth/session", { headers: { accept: "application/json" } });
    const session = answer.ok ? await answer.json() : undefined;
    const user = session?.user;

    if (!answer.ok) who.textContent = "Could not tell whether you are signed in";
    else if (user) who.textContent = `Signed in as ${user.name ?? user.email ?? "somebody"}`;
    else who.textContent = "Not signed in";
} catch {
    who.textContent = "Could not tell whether you are signed in";
}

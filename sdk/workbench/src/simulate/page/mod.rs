//! The page: one file with everything in it, in the reader's light or dark.

mod axis;
mod chart;
mod palette;
mod plots;

pub(super) use plots::{Plot, plots};

use super::Played;
use std::fmt::Write;
use tidegate_simulator::Workload;

const STYLE: &str = include_str!("style.css");

/// As HTML.
pub(super) fn page(name: &str, workload: &Workload, played: &[Played], plots: &[Plot]) -> String {
    let (title, about) = (escaped(name), escaped(workload.about.trim()));
    let endpoints: u32 = workload
        .endpoints
        .iter()
        .map(|group| group.count.get())
        .sum();
    let arrived = played.first().map_or(0, |it| it.report.requests.arrived);
    let seconds = played.first().map_or(0.0, |it| it.report.seconds);
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title} · tidegate plugin simulate</title><style>{STYLE}</style></head><body>\n\
         <h1>{title}</h1>\n<p>{about}</p>\n<p class=\"faint\">{arrived} requests in \
         {seconds:.1} simulated seconds, {endpoints} endpoints, seed {}. Every selector faced the \
         same requests.</p>\n",
        workload.seed
    );
    table(&mut html, played);
    for plot in plots {
        // Writing to a string cannot fail.
        let _ = write!(
            html,
            "<h2>{}</h2>\n<figure role=\"img\" aria-label=\"{}\"><figcaption>{}</figcaption>\n{}</figure>\n",
            escaped(&plot.title),
            escaped(&plot.title),
            plot.caption,
            plot.svg
        );
    }
    html += "</body></html>\n";
    html
}

/// A plot for a file of its own, with its title and its colours in it.
pub(super) fn alone(plot: &Plot) -> String {
    let title = escaped(&plot.title);
    let inside = format!("<title>{title}</title><style>{}</style>", palette::STYLE);
    plot.svg.replacen('>', &format!(">{inside}"), 1)
}

fn table(html: &mut String, played: &[Played]) {
    let (heads, rows) = plots::rows(played);
    *html += "<div class=\"scroll\"><table><thead><tr>";
    for head in heads {
        let _ = write!(html, "<th>{head}</th>");
    }
    *html += "</tr></thead><tbody>\n";
    for (number, row) in rows.iter().enumerate() {
        *html += "<tr>";
        for (column, cell) in row.iter().enumerate() {
            let cell = escaped(cell);
            let _ = match column {
                0 => write!(
                    html,
                    "<th scope=\"row\"><span class=\"swatch\" style=\"background:{}\"></span>{cell}</th>",
                    palette::name(number)
                ),
                _ => write!(html, "<td>{cell}</td>"),
            };
        }
        *html += "</tr>\n";
    }
    *html += "</tbody></table></div>\n";
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
